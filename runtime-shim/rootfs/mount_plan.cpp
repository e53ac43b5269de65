#include "runtime-shim/rootfs/mount_plan.hpp"

#include <algorithm>
#include <array>
#include <linux/mount.h>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "base/overloaded.hpp"

namespace compose::rt {
namespace {

constexpr const char* k_sysfs = "sysfs";
constexpr unsigned long k_quiet = MS_NOSUID | MS_NOEXEC | MS_NODEV;
constexpr std::int64_t k_default_shm = 64 << 20;

constexpr std::array<std::string_view, 12> k_masked{"/proc/acpi",
                                                    "/proc/asound",
                                                    "/proc/interrupts",
                                                    "/proc/kcore",
                                                    "/proc/keys",
                                                    "/proc/latency_stats",
                                                    "/proc/sched_debug",
                                                    "/proc/scsi",
                                                    "/proc/timer_list",
                                                    "/proc/timer_stats",
                                                    "/sys/devices/virtual/powercap",
                                                    "/sys/firmware"};
constexpr std::array<std::string_view, 5> k_read_only{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                      "/proc/sysrq-trigger"};
// What lxcfs may put over single files of /proc.
constexpr std::array<std::string_view, 10> k_allowed_below_proc{"/proc/cpuinfo",
                                                                "/proc/diskstats",
                                                                "/proc/meminfo",
                                                                "/proc/stat",
                                                                "/proc/swaps",
                                                                "/proc/uptime",
                                                                "/proc/loadavg",
                                                                "/proc/slabinfo",
                                                                "/proc/sys/kernel/ns_last_pid",
                                                                "/proc/sys/crypto/fips_enabled"};

struct TmpfsOption {
  std::string_view name;
  unsigned long set;
  unsigned long clear;
};
constexpr TmpfsOption k_tmpfs_options[] = {{"ro", MS_RDONLY, 0},
                                           {"rw", 0, MS_RDONLY},
                                           {"exec", 0, MS_NOEXEC},
                                           {"noexec", MS_NOEXEC, 0},
                                           {"suid", 0, MS_NOSUID},
                                           {"nosuid", MS_NOSUID, 0},
                                           {"dev", 0, MS_NODEV},
                                           {"nodev", MS_NODEV, 0},
                                           {"noatime", MS_NOATIME, 0},
                                           {"relatime", MS_RELATIME, 0},
                                           {"strictatime", MS_STRICTATIME, 0},
                                           {"sync", MS_SYNCHRONOUS, 0},
                                           {"nodiratime", MS_NODIRATIME, 0}};

std::string octal(std::uint32_t mode) {
  std::string out;
  for (; mode != 0; mode /= 8) out.insert(out.begin(), static_cast<char>('0' + mode % 8));
  return out.empty() ? "0" : out;
}

MountStep filesystem(std::string target, std::string type, unsigned long flags, std::string data = {}) {
  return {.kind = MountKind::filesystem,
          .target = std::move(target),
          .type = std::move(type),
          .data = std::move(data),
          .flags = flags};
}

MountStep bind(std::string source, std::string target) {
  return {.kind = MountKind::bind, .target = std::move(target), .source = std::move(source)};
}

MountStep cgroup_step(const ContainerSpec& spec, const PlanFacts& facts) {
  const unsigned long read_only = spec.security.privileged ? 0UL : static_cast<unsigned long>(MS_RDONLY);
  if (spec.security.cgroup.mode == NamespaceMode::host) {
    auto step = bind("/sys/fs/cgroup", "/sys/fs/cgroup");
    step.recursive = true;
    step.attributes = spec.security.privileged ? 0U : static_cast<std::uint64_t>(MOUNT_ATTR_RDONLY);
    return step;
  }
  auto step = filesystem("/sys/fs/cgroup", facts.cgroup_v2 ? "cgroup2" : "tmpfs", k_quiet | read_only);
  if (!facts.cgroup_v2) {
    step.kind = MountKind::cgroup_v1;
    step.data = "mode=755";
  }
  return step;
}

std::vector<MountStep> default_mounts(const ContainerSpec& spec, const PlanFacts& facts) {
  std::vector<MountStep> out;
  out.push_back(filesystem("/proc", "proc", k_quiet));
  out.push_back(filesystem("/dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"));
  out.back().kind = MountKind::device_tree;
  out.push_back(
      filesystem("/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"));
  for (auto& step : out) step.real_directory = true;
  if (spec.security.ipc.mode == NamespaceMode::host) {
    out.push_back(bind("/dev/mqueue", "/dev/mqueue"));
    out.push_back(bind("/dev/shm", "/dev/shm"));
  } else {
    out.push_back(filesystem("/dev/mqueue", "mqueue", k_quiet));
    out.push_back(
        filesystem("/dev/shm", "tmpfs", k_quiet,
                   base::text("mode=1777,size={}", spec.resources.shm_size.value_or(k_default_shm))));
  }
  for (const std::string_view name : {"resolv.conf", "hosts", "hostname"})
    out.push_back(bind(base::text("{}/{}", facts.run_directory, name), base::text("/etc/{}", name)));
  // Last, because sysfs shows the network of who mounts it, and that may still be under way.
  out.push_back(filesystem("/sys", k_sysfs, spec.security.privileged ? k_quiet : k_quiet | MS_RDONLY));
  out.back().real_directory = true;
  out.push_back(cgroup_step(spec, facts));
  return out;
}

unsigned long propagation_flag(const std::string& name) {
  const std::string_view bare =
      name.starts_with('r') ? std::string_view{name}.substr(1) : std::string_view{name};
  if (bare == "private" || bare.empty()) return MS_PRIVATE;
  if (bare == "slave") return MS_SLAVE;
  if (bare == "shared") return MS_SHARED;
  base::fail("bind propagation '{}' is unknown", name);
}

MountStep step_of(const BindMount& m) {
  auto step = bind(m.source.str(), base::clean_path(m.target.str()));
  step.inside = m.inside;
  step.recursive = m.recursive;
  step.attributes = m.read_only ? MOUNT_ATTR_RDONLY : 0U;
  step.propagation = propagation_flag(m.propagation);
  return step;
}

MountStep step_of(const TmpfsMount& m) {
  unsigned long flags = k_quiet | (m.read_only ? static_cast<unsigned long>(MS_RDONLY) : 0UL);
  std::string data = base::text("mode={}", octal(m.mode));
  if (m.size > 0) data += base::text(",size={}", m.size);
  for (const auto& option : m.options) {
    const auto known = std::ranges::find(k_tmpfs_options, option, &TmpfsOption::name);
    if (known != std::end(k_tmpfs_options))
      flags = (flags | known->set) & ~known->clear;
    else if (!option.empty())
      data += "," + option;
  }
  return filesystem(base::clean_path(m.target.str()), "tmpfs", flags, std::move(data));
}

std::vector<MountStep> own_mounts(const ContainerSpec& spec, const PlanFacts& facts) {
  std::vector<MountStep> out;
  std::size_t files = 0;
  for (const auto& mount : spec.mounts)
    std::visit(base::overloaded{[&](const BindMount& m) { out.push_back(step_of(m)); },
                                [&](const TmpfsMount& m) { out.push_back(step_of(m)); },
                                [&](const FileMount& m) {
                                  auto step = bind(file_mount_source(facts.run_directory, files++),
                                                   base::clean_path(m.target.str()));
                                  step.attributes = m.read_only ? MOUNT_ATTR_RDONLY : 0U;
                                  out.push_back(std::move(step));
                                }},
               mount);
  std::ranges::stable_sort(out, {}, [](const MountStep& s) { return std::ranges::count(s.target, '/'); });
  return out;
}

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

void check_target(const MountStep& step) {
  const auto& t = step.target;
  if (!t.starts_with('/')) base::fail("mount target '{}' is not absolute", t);
  if (t == "/") base::fail("mount target '/' would hide the whole image");
  const bool below_proc = is_below(t, "/proc");
  const bool over_proc = t == "/proc" && !(step.kind == MountKind::bind && step.source == "/proc");
  if (over_proc || (below_proc && std::ranges::find(k_allowed_below_proc, t) == k_allowed_below_proc.end()))
    base::fail("mount target '{}' would hide what the runtime protects", t);
}

void protect_paths(const ContainerSpec& spec, const PlanFacts& facts, MountPlan& plan) {
  plan.read_only_root = spec.rootfs.read_only;
  if (spec.security.privileged || spec.security.unconfined_paths) return;
  plan.masked.assign(k_masked.begin(), k_masked.end());
  plan.masked.insert(plan.masked.end(), facts.host_masks.begin(), facts.host_masks.end());
  plan.read_only.assign(k_read_only.begin(), k_read_only.end());
}

void make_read_only(std::vector<MountStep>& defaults) {
  constexpr std::array<std::string_view, 5> k_stay_writable{"/proc", "/dev", "/dev/pts", "/dev/shm",
                                                            "/dev/mqueue"};
  for (auto& step : defaults) {
    if (std::ranges::find(k_stay_writable, step.target) != k_stay_writable.end()) continue;
    if (step.kind == MountKind::bind)
      step.attributes |= MOUNT_ATTR_RDONLY;
    else
      step.flags |= MS_RDONLY;
  }
}

}  // namespace

std::string file_mount_source(const std::string& run_directory, std::size_t index) {
  return base::text("{}/files/{}", run_directory, index);
}

MountPlan plan_mounts(const ContainerSpec& spec, const PlanFacts& facts) {
  MountPlan plan;
  auto own = own_mounts(spec, facts);
  std::set<std::string_view> targets;
  for (const auto& step : own) {
    check_target(step);
    if (!targets.insert(step.target).second) base::fail("two mounts have the same target '{}'", step.target);
  }
  auto defaults = default_mounts(spec, facts);
  std::erase_if(defaults, [&](const MountStep& d) {
    return targets.contains(d.target) || (targets.contains("/dev") && is_below(d.target, "/dev"));
  });
  if (spec.rootfs.read_only) make_read_only(defaults);
  const auto sysfs = std::ranges::find(defaults, k_sysfs, &MountStep::type);
  plan.before_network = static_cast<std::size_t>(sysfs - defaults.begin());
  plan.steps = std::move(defaults);
  std::ranges::move(own, std::back_inserter(plan.steps));
  plan.keep_propagation =
      std::ranges::any_of(plan.steps, [](const MountStep& s) { return s.propagation != MS_PRIVATE; });
  protect_paths(spec, facts, plan);
  return plan;
}

namespace {

std::string flag_text(unsigned long flags) {
  constexpr std::array<std::pair<unsigned long, std::string_view>, 5> k_names{
      {{MS_RDONLY, "ro"},
       {MS_NOSUID, "nosuid"},
       {MS_NOEXEC, "noexec"},
       {MS_NODEV, "nodev"},
       {MS_STRICTATIME, "strictatime"}}};
  std::string out;
  for (const auto& [flag, name] : k_names)
    if ((flags & flag) != 0) out += base::text("{}{}", out.empty() ? "" : ",", name);
  return out;
}

std::string line_of(const MountStep& s) {
  if (s.kind == MountKind::bind) {
    std::string out = base::text("bind {} -> {}", source_of(s), s.target);
    if ((s.attributes & MOUNT_ATTR_RDONLY) != 0) out += " ro";
    if (s.recursive) out += " recursive";
    if (s.propagation == MS_SLAVE) out += " slave";
    if (s.propagation == MS_SHARED) out += " shared";
    return out;
  }
  return base::text("{} -> {} {}{}{}", s.kind == MountKind::cgroup_v1 ? "cgroup" : s.type, s.target,
                    flag_text(s.flags), s.data.empty() ? "" : " ", s.data);
}

}  // namespace

std::string source_of(const MountStep& step) {
  return step.inside.empty() ? step.source : base::text("{}/{}", step.source, step.inside);
}

std::string to_text(const MountPlan& plan) {
  std::string out;
  for (const auto& step : plan.steps) out += line_of(step) + "\n";
  for (const auto& path : plan.masked) out += "mask " + path + "\n";
  for (const auto& path : plan.read_only) out += "read-only " + path + "\n";
  if (plan.read_only_root) out += "read-only /\n";
  return out;
}

}  // namespace compose::rt
