#include "runtime-shim/client/status.hpp"

#include <poll.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/cgroup/container_cgroup.hpp"
#include "runtime-shim/cgroup/supervisor_cgroup.hpp"
#include "runtime-shim/spec/status_codec.hpp"

namespace compose::rt {
namespace {

constexpr int k_lost_exit_code = 137;
constexpr std::string_view k_lost = "supervisor lost";

ContainerStatus lost(ContainerStatus status) {
  status.state = ContainerState::exited;
  status.health = Health::none;
  status.init_pid = 0;
  status.exit_code = k_lost_exit_code;
  status.error = k_lost;
  return status;
}

// The container's cgroup by its id alone: the status may be gone with the run directory.
std::vector<std::string> find_cgroups(const CgroupLayout& layout, const RuntimePaths& paths,
                                      const ContainerId& id) {
  std::vector<std::string> out;
  for (const auto& h : layout.hierarchies) {
    const HostPath top = h.mount_point / paths.cgroup_root();
    for (const auto& project : base::list_directory(top)) {
      const std::string path = base::text("/{}/{}/{}", paths.cgroup_root(), project, id.str());
      if (base::sys::exists(HostPath{h.mount_point.str() + path}) && (out.empty() || out.back() != path))
        out.push_back(path);
    }
  }
  return out;
}

// Directories that a start which was cut short has made above the container's.
void remove_empty_cgroups(const CgroupLayout& layout, const RuntimePaths& paths) {
  for (const auto& h : layout.hierarchies)
    for (const auto& project : base::list_directory(h.mount_point / paths.cgroup_root()))
      remove_project_cgroups_if_empty(layout, paths.cgroup_root(), project);
  SupervisorCgroup{layout, paths.cgroup_root()}.remove_if_empty();
}

}  // namespace

std::optional<ContainerStatus> read_status(const RuntimePaths& paths, const ContainerId& id) {
  const HostPath directory = paths.run_directory(id);
  // A shim may write its last status and go between two looks: the lock is asked first, so that a status read
  // after it is the last one wherever the lock is free.
  const bool alive = run_directory_is_alive(directory);
  auto status = read_status_file(directory);
  if (!status) {
    if (!base::sys::exists(directory)) return std::nullopt;
    return alive ? ContainerStatus{} : lost({});
  }
  if (alive || status->state == ContainerState::exited || status->state == ContainerState::dead)
    return status;
  return lost(std::move(*status));
}

bool shim_alive(const RuntimePaths& paths, const ContainerId& id) {
  return run_directory_is_alive(paths.run_directory(id));
}

bool was_lost(const ContainerStatus& status) {
  return status.state == ContainerState::exited && status.error == k_lost;
}

// A shim writes its last status and then goes; here its end is waited for, no longer than five seconds.
void await_shim_of_ended(const RuntimePaths& paths, const ContainerId& id) {
  const auto status = read_status_file(paths.run_directory(id));
  if (!status || (status->state != ContainerState::exited && status->state != ContainerState::dead)) return;
  const base::UniqueFd shim{base::sys::pidfd_open(static_cast<pid_t>(status->shim_pid), 0)};
  if (!shim || !shim_alive(paths, id)) return;
  pollfd ended{.fd = shim.get(), .events = POLLIN, .revents = 0};
  base::retry_eintr([&] { return ::poll(&ended, 1, 5'000); });
}

void clean_up(const RuntimePaths& paths, const ContainerId& id) {
  if (shim_alive(paths, id)) await_shim_of_ended(paths, id);
  if (shim_alive(paths, id)) base::fail("container {} still has its supervisor", id.short_form());
  const CgroupLayout layout = detect_layout();
  for (const auto& path : find_cgroups(layout, paths, id)) {
    const ContainerCgroup cgroup{layout, path};
    constexpr int k_attempts = 100;
    for (int attempt = 0; attempt < k_attempts && !cgroup.processes().empty(); ++attempt) {
      cgroup.kill_all();
      ::poll(nullptr, 0, attempt < 10 ? 1 : 10);
    }
    if (!cgroup.remove()) base::fail("remove cgroup '{}': something in it does not end", path);
  }
  remove_empty_cgroups(layout, paths);
  base::fault_point("client.cgroup_cleaned");
  base::sys::remove_tree(paths.run_directory(id));
}

}  // namespace compose::rt
