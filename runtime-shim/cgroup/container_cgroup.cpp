#include "runtime-shim/cgroup/container_cgroup.hpp"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/cgroup/limits.hpp"

namespace compose::rt {
namespace {

// A knob takes its whole value in one write; errno 0 is success.
int try_write(const HostPath& file, std::string_view value) {
  const base::UniqueFd fd{base::retry_eintr([&] { return ::open(file.c_str(), O_WRONLY | O_CLOEXEC); })};
  if (!fd) return errno;
  const auto n = base::retry_eintr([&] { return ::write(fd.get(), value.data(), value.size()); });
  return n == -1 ? errno : 0;
}

void write_knob(const HostPath& file, std::string_view value) {
  if (const int error = try_write(file, value); error != 0)
    throw base::SysError(error, base::text("write '{}' to '{}'", value, file.str()));
}

std::string read_knob(const HostPath& file) {
  std::string out = base::read_file_if_exists(file).value_or("");
  while (!out.empty() && (out.back() == '\n' || out.back() == ' ')) out.pop_back();
  return out;
}

std::vector<std::string> words(std::string_view s) {
  std::vector<std::string> out;
  while (!s.empty()) {
    const auto at = s.find_first_of(" \n");
    if (at != 0) out.emplace_back(s.substr(0, at));
    s = at == std::string_view::npos ? std::string_view{} : s.substr(at + 1);
  }
  return out;
}

// The controllers that a container's limits and counters need; the rest of what the host offers is left
// alone.
bool wanted(std::string_view controller) {
  return controller == "memory" || controller == "pids" || controller == "cpu" || controller == "cpuset" ||
         controller == "io";
}

void enable_controllers(const HostPath& directory) {
  const auto offered = words(read_knob(directory / "cgroup.controllers"));
  const auto enabled = words(read_knob(directory / "cgroup.subtree_control"));
  for (const auto& c : offered)
    if (wanted(c) && std::ranges::find(enabled, c) == enabled.end())
      try_write(directory / "cgroup.subtree_control",
                "+" + c);  // refused: its limits are reported as not settable
}

// A new v1 cpuset has no CPUs and takes no process; from here on children copy their parent's.
void prepare_cpuset(const Hierarchy& h, const HostPath& directory) {
  try_write(directory / "cgroup.clone_children", "1");
  for (const std::string_view knob : {"cpuset.cpus", "cpuset.mems"})
    if (read_knob(directory / knob).empty()) write_knob(directory / knob, read_knob(h.mount_point / knob));
}

void remove_below(const HostPath& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(directory.c_str()), ::closedir};
  if (!stream) return;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    remove_below(directory / name);
    ::rmdir((directory / name).c_str());
  }
}

// The kernel lets the last exiting process go a moment after it was reaped.
bool remove_directory(const HostPath& directory) {
  constexpr int k_attempts = 50;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    if (::rmdir(directory.c_str()) == 0 || errno == ENOENT) return true;
    if (errno != EBUSY && errno != ENOTEMPTY) return false;
    remove_below(directory);
    ::poll(nullptr, 0, attempt < 5 ? 1 : 5);
  }
  return false;
}

void make_parents(const Hierarchy& h, const HostPath& top, const HostPath& project) {
  if (h.unified) enable_controllers(h.mount_point);
  base::sys::make_directory_if_missing(top);
  if (h.has("cpuset") && !h.unified) prepare_cpuset(h, top);
  if (h.unified) enable_controllers(top);
  base::sys::make_directory_if_missing(project);
  if (h.unified) enable_controllers(project);
}

// Whoever removes the last container of a project, or of all, removes these directories too; it may do so at
// any moment between our steps, and then they are made again.
void ensure_parents(const Hierarchy& h, const HostPath& top, const HostPath& project) {
  constexpr int k_attempts = 100;
  for (int attempt = 1;; ++attempt) {
    try {
      return make_parents(h, top, project);
    } catch (const base::SysError& e) {
      if ((e.code() != ENOENT && e.code() != ENODEV) || attempt == k_attempts) throw;
    }
  }
}

}  // namespace

void ensure_project_cgroups(const CgroupLayout& layout, const std::string& root, const std::string& project) {
  for (const auto& h : layout.hierarchies)
    ensure_parents(h, h.mount_point / root, h.mount_point / root / project);
}

void ContainerCgroup::make_directory(const Hierarchy& h) const {
  constexpr int k_attempts = 100;
  const HostPath path = directory(h);
  for (int attempt = 1; ::mkdir(path.c_str(), 0755) != 0; ++attempt) {
    if (errno == EEXIST) {
      if (!processes().empty()) base::fail("cgroup '{}' is in use", path_);
      return;
    }
    if (errno != ENOENT || attempt == k_attempts)
      throw base::SysError(errno, base::text("create cgroup '{}'", path.str()));
    ensure_parents(h, path.parent().parent(), path.parent());
  }
}

void ContainerCgroup::create(const ResourceSpec& resources, const std::vector<DeviceRule>& allowed,
                             std::vector<std::string>& warnings) {
  for (const auto& h : layout_->hierarchies) {
    make_directory(h);
    base::fault_point("cgroup.directory_made");
    if (h.unified && !layout_->has_v1())
      attach_device_program(base::sys::open(directory(h), O_RDONLY | O_DIRECTORY).get(), allowed);
    if (!h.unified && h.has("devices")) allow_devices_v1(h, allowed);
  }
  apply(layout_->has_v1() ? plan_limits_v1(resources) : plan_limits_v2(resources), warnings);
}

void ContainerCgroup::allow_devices_v1(const Hierarchy& h, const std::vector<DeviceRule>& allowed) const {
  const HostPath path = directory(h);
  if (std::ranges::find(allowed, DeviceRule{}) != allowed.end()) return;  // a new cgroup allows everything
  write_knob(path / "devices.deny", "a");
  const auto fd = base::sys::open(path / "devices.allow", O_WRONLY);
  for (const auto& rule : allowed) base::sys::write_all(fd.get(), to_text(rule));
}

void ContainerCgroup::apply(const LimitPlan& plan, std::vector<std::string>& warnings) const {
  warnings.insert(warnings.end(), plan.warnings.begin(), plan.warnings.end());
  for (const auto& w : plan.writes) {
    const Hierarchy* h = layout_->with(w.controller);
    if (h == nullptr) {
      warnings.push_back(base::text("'{}' is not set: this host has no {} controller", w.file, w.controller));
      continue;
    }
    int error = try_write(directory(*h) / w.file, w.value);
    if (error != 0 && !w.fallback.empty()) error = try_write(directory(*h) / w.fallback, w.value);
    if (error == 0) continue;
    if (!w.optional) throw base::SysError(error, base::text("write '{}' to '{}'", w.value, w.file));
    warnings.push_back(base::text("'{}' is not set: {}", w.file, base::error_text(error)));
  }
}

CgroupEntrance ContainerCgroup::entrance() const {
  CgroupEntrance out;
  for (const auto& h : layout_->hierarchies) {
    if (h.unified)
      out.unified = base::sys::open(directory(h), O_RDONLY | O_DIRECTORY);
    else
      out.task_files.push_back(base::sys::open(directory(h) / "tasks", O_WRONLY));
  }
  return out;
}

std::vector<pid_t> ContainerCgroup::processes() const {
  std::vector<pid_t> out;
  for (const auto& h : layout_->hierarchies) {
    for (const auto& word : words(read_knob(directory(h) / "cgroup.procs"))) {
      pid_t pid = 0;
      std::from_chars(word.data(), word.data() + word.size(), pid);
      if (pid > 0) out.push_back(pid);
    }
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

void ContainerCgroup::freeze(bool frozen) const {
  for (const auto& h : layout_->hierarchies) {
    if (h.has("freezer") && !h.unified)
      return write_knob(directory(h) / "freezer.state", frozen ? "FROZEN" : "THAWED");
    if (h.unified && !layout_->has_v1())
      return write_knob(directory(h) / "cgroup.freeze", frozen ? "1" : "0");
  }
  base::fail("this host has no cgroup freezer");
}

void ContainerCgroup::kill_all() const {
  const auto* unified = layout_->unified();
  if (unified == nullptr || try_write(directory(*unified) / "cgroup.kill", "1") != 0) {
    for (const pid_t pid : processes()) {
      // Between reading the number and holding the process it can only have left this cgroup by dying; a new
      // process with the same number would have to be elsewhere, so the membership is read again with the
      // process held.
      const base::UniqueFd process{base::sys::pidfd_open(pid, 0)};
      if (!process) continue;
      const auto now = processes();
      if (std::ranges::binary_search(now, pid)) base::sys::pidfd_send_signal(process.get(), SIGKILL);
    }
  }
  for (const auto& h : layout_->hierarchies) {
    if (h.has("freezer") && !h.unified) try_write(directory(h) / "freezer.state", "THAWED");
    if (h.unified) try_write(directory(h) / "cgroup.freeze", "0");
  }
}

bool ContainerCgroup::oom_killed() const {
  const Hierarchy* h = layout_->with("memory");
  if (h == nullptr) return false;
  const std::string counters =
      read_knob(directory(*h) / (h->unified ? "memory.events" : "memory.oom_control"));
  const auto all = words(counters);
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    if (all[i] == "oom_kill") return all[i + 1] != "0";
  return false;
}

void remove_project_cgroups_if_empty(const CgroupLayout& layout, const std::string& root,
                                     const std::string& project) noexcept {
  for (const auto& h : layout.hierarchies) {
    ::rmdir((h.mount_point / root / project).c_str());
    ::rmdir((h.mount_point / root).c_str());
  }
}

bool ContainerCgroup::remove() const {
  bool gone = true;
  const HostPath project = HostPath{path_}.parent();
  for (const auto& h : layout_->hierarchies) {
    gone = remove_directory(directory(h)) && gone;
    const HostPath project_directory{h.mount_point.str() + project.str()};
    if (::rmdir(project_directory.c_str()) == 0) ::rmdir(project_directory.parent().c_str());
  }
  base::fault_point("cgroup.removed");
  return gone;
}

}  // namespace compose::rt
