#include <algorithm>
#include <array>
#include <optional>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/kernel_parameter.hpp"
#include "base/sys.hpp"
#include "runtime-shim/rootfs/copy_up.hpp"
#include "runtime-shim/rootfs/etc_files.hpp"
#include "runtime-shim/shim/prepare.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;

bool is_own_parameter(const std::string& key, const SecuritySpec& security) {
  switch (home_of_parameter(key)) {
    case ParameterHome::network:
      return security.network.mode != NamespaceMode::host;
    case ParameterHome::ipc:
      return security.ipc.mode != NamespaceMode::host;
    case ParameterHome::uts:
      return security.uts.mode == NamespaceMode::private_;
    case ParameterHome::host:
      break;
  }
  return false;
}

void write_run_files(const StartMessage& m, const RunDirectory& run) {
  const auto host_servers = [] {
    std::vector<std::string> servers;
    std::string file = base::read_file_if_exists(HostPath{"/etc/resolv.conf"}, 1U << 20U).value_or("");
    for (std::size_t at = 0; at < file.size();) {
      const auto end = std::min(file.find('\n', at), file.size());
      const std::string line = file.substr(at, end - at);
      if (line.starts_with("nameserver ")) servers.push_back(line.substr(11));
      at = end + 1;
    }
    return servers;
  };
  const bool own_resolver = m.header.networked;
  run.write_file(
      "resolv.conf",
      resolv_conf(m.spec.dns, own_resolver,
                  own_resolver || !m.spec.dns.servers.empty() ? std::vector<std::string>{} : host_servers()),
      0644);
  run.write_file("hosts", hosts_file(m.spec), 0644);
  run.write_file("hostname", effective_hostname(m.spec) + "\n", 0644);
  std::size_t index = 0;
  for (const auto& mount : m.spec.mounts) {
    const auto* file = std::get_if<FileMount>(&mount);
    if (file == nullptr) continue;
    if (index == 0) run.make_directory("files");
    run.write_file(base::text("files/{}", index++), file->content, file->mode, file->uid, file->gid);
  }
}

void make_sources(const ContainerSpec& spec) {
  for (const auto& mount : spec.mounts) {
    const auto* bind = std::get_if<BindMount>(&mount);
    if (bind == nullptr || sys::exists(bind->source)) continue;
    if (!bind->create_source) base::fail("bind source path does not exist: '{}'", bind->source.str());
    sys::make_directories(bind->source);
  }
}

void fill_volumes(const ContainerSpec& spec, int root) {
  for (const auto& mount : spec.mounts)
    if (const auto* bind = std::get_if<BindMount>(&mount); bind != nullptr && bind->copy_up)
      copy_up(root, bind->target, bind->source, bind->inside);
}

std::optional<struct ::stat> stat_source(const MountStep& step) {
  if (step.inside.empty()) return sys::stat_if_exists(HostPath{step.source});
  const base::UniqueFd found{open_inside(step.source, step.inside)};
  if (!found && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  struct ::stat info {};
  base::check(found ? ::fstat(found.get(), &info) : -1, "look at '{}'", source_of(step));
  return info;
}

void look_at_sources(MountPlan& plan) {
  for (auto& step : plan.steps) {
    if (step.kind != MountKind::bind) continue;
    const auto info = stat_source(step);
    if (!info) base::fail("bind source path does not exist: '{}'", source_of(step));
    step.target_is_file = !S_ISDIR(info->st_mode);
  }
}

std::vector<V1Directory> v1_directories(const ContainerCgroup& cgroup) {
  std::vector<V1Directory> out;
  for (const auto& h : cgroup.layout().hierarchies) {
    if (h.unified) continue;
    V1Directory d;
    d.source = h.mount_point.str() + cgroup.path();
    for (const auto& controller : h.controllers) {
      const std::string bare = controller.starts_with("name=") ? controller.substr(5) : controller;
      d.name += (d.name.empty() ? "" : ",") + bare;
      if (h.controllers.size() > 1) d.links.push_back(bare);
    }
    out.push_back(std::move(d));
  }
  return out;
}

void add_device(const DeviceSpec& device, std::vector<PreparedDevice>& out) {
  const auto info = sys::stat_if_exists(device.source);
  if (!info) base::fail("device '{}' does not exist", device.source.str());
  if (S_ISDIR(info->st_mode)) {
    for (const auto& name : base::list_directory(device.source)) {
      const auto entry = sys::stat_if_exists(device.source / name);
      if (entry && (S_ISCHR(entry->st_mode) || S_ISBLK(entry->st_mode) || S_ISDIR(entry->st_mode)))
        add_device({.source = device.source / name,
                    .target = base::ContainerPath{device.target.str() + "/" + name},
                    .access = device.access},
                   out);
    }
    return;
  }
  if (!S_ISCHR(info->st_mode) && !S_ISBLK(info->st_mode))
    base::fail("'{}' is not a device", device.source.str());
  const std::string target =
      base::clean_path(device.target.empty() ? device.source.str() : device.target.str());
  if (!target.starts_with('/')) base::fail("device target '{}' is not absolute", target);
  out.push_back({.target = target,
                 .mode = info->st_mode,
                 .number = info->st_rdev,
                 .uid = info->st_uid,
                 .gid = info->st_gid});
}

// A privileged container sees every device of the host.
void add_host_devices(const HostPath& directory, std::vector<PreparedDevice>& out) {
  for (const auto& name : base::list_directory(directory)) {
    const HostPath path = directory / name;
    const auto info = sys::lstat_if_exists(path);
    if (!info || name == "pts" || name == "shm" || name == "mqueue" || name == "fd" || name == "console")
      continue;
    if (S_ISDIR(info->st_mode)) {
      add_host_devices(path, out);
      continue;
    }
    const bool standard =
        directory.str() == "/dev" && (name == "null" || name == "zero" || name == "full" || name == "tty" ||
                                      name == "random" || name == "urandom" || name == "ptmx");
    if (!standard && (S_ISCHR(info->st_mode) || S_ISBLK(info->st_mode)))
      out.push_back({.target = path.str(),
                     .mode = info->st_mode,
                     .number = info->st_rdev,
                     .uid = info->st_uid,
                     .gid = info->st_gid});
  }
}

std::vector<PreparedDevice> prepare_devices(const SecuritySpec& security) {
  std::vector<PreparedDevice> out;
  if (security.privileged) add_host_devices(HostPath{"/dev"}, out);
  for (const auto& device : security.devices) add_device(device, out);
  return out;
}

}  // namespace

std::vector<PreparedSysctl> prepare_sysctls(const SecuritySpec& security) {
  std::vector<PreparedSysctl> out;
  for (const auto& [key, value] : security.sysctls) {
    const auto path = base::parameter_path(key);
    if (!path || !is_own_parameter(key, security))
      base::fail("kernel parameter '{}' is not one of the container's own", key);
    if (value.find_first_of(std::string_view{"\n\0", 2}) != std::string::npos)
      base::fail("kernel parameter '{}': the value has more than one line", key);
    out.push_back({.path = "sys/" + *path, .value = value});
  }
  // As Docker: ports below 1024 and ping need no capability in a network of one's own.
  if (security.network.mode == NamespaceMode::private_)
    for (const auto& [key, value] : {std::pair{"net.ipv4.ip_unprivileged_port_start", "0"},
                                     std::pair{"net.ipv4.ping_group_range", "0 2147483647"}})
      if (!security.sysctls.contains(key))
        out.push_back({.path = "sys/" + *base::parameter_path(key), .value = value, .optional = true});
  return out;
}

std::vector<DeviceRule> device_numbers(const SecuritySpec& security) {
  std::vector<DeviceRule> out;
  for (const auto& spec : security.devices) {
    std::vector<PreparedDevice> nodes;
    add_device(spec, nodes);
    for (const auto& node : nodes) {
      DeviceRule rule =
          parse_device_rule(base::text("{} {}:{} {}", S_ISBLK(node.mode) ? 'b' : 'c', ::major(node.number),
                                       ::minor(node.number), spec.access.empty() ? "rwm" : spec.access));
      out.push_back(rule);
    }
  }
  return out;
}

PreparedWorld prepare_world(const StartMessage& message, const HostFacts& facts, const RunDirectory& run,
                            const ContainerCgroup& cgroup, int root) {
  const auto& spec = message.spec;
  write_run_files(message, run);
  make_sources(spec);
  fill_volumes(spec, root);
  PreparedWorld world;
  world.mounts.plan = plan_mounts(spec, {.cgroup_v2 = !facts.cgroups.has_v1(),
                                         .host_masks = facts.side_channel_masks,
                                         .run_directory = run.path().str()});
  look_at_sources(world.mounts.plan);
  world.mounts.devices = prepare_devices(spec.security);
  if (facts.cgroups.has_v1()) world.mounts.v1 = v1_directories(cgroup);
  world.root = root;
  world.attach_point = spec.rootfs.work.str();  // nobody mounts from there
  if (spec.security.uts.mode == NamespaceMode::private_) {
    world.hostname = effective_hostname(spec);
    world.domainname = spec.domainname;
    if (world.hostname.size() > HOST_NAME_MAX)
      base::fail("hostname '{}' is longer than 64 bytes", world.hostname);
  }
  world.sysctls = prepare_sysctls(spec.security);
  world.new_cgroup_namespace = spec.security.cgroup.mode == NamespaceMode::private_;
  world.new_network_namespace =
      !message.header.networked && spec.security.network.mode == NamespaceMode::private_;
  if (spec.process.init) world.init_program = message.init_program.get();
  return world;
}

}  // namespace compose::rt
