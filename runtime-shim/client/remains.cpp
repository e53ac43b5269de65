#include "runtime-shim/client/remains.hpp"

#include <algorithm>
#include <poll.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/cgroup/container_cgroup.hpp"
#include "runtime-shim/cgroup/supervisor_cgroup.hpp"
#include "runtime-shim/client/status.hpp"
#include "runtime-shim/spec/status_codec.hpp"

namespace compose::rt {
namespace {

// A shim writes its last status and then goes; here its end is waited for, no longer than five seconds.
void await_shim_of_ended(const RuntimePaths& paths, const ContainerId& id) {
  const auto status = read_status_file(paths.run_directory(id));
  if (!status || (status->state != ContainerState::exited && status->state != ContainerState::dead)) return;
  const base::UniqueFd shim{base::sys::pidfd_open(static_cast<pid_t>(status->shim_pid), 0)};
  if (!shim || !shim_alive(paths, id)) return;
  pollfd ended{.fd = shim.get(), .events = POLLIN, .revents = 0};
  base::retry_eintr([&] { return ::poll(&ended, 1, 5'000); });
}

}  // namespace

const CgroupLayout& Remains::layout() {
  if (!layout_) layout_ = detect_layout();
  return *layout_;
}

void Remains::remove_cgroup(const std::string& path) {
  const auto has_it = [&](const Hierarchy& h) {
    return base::sys::exists(HostPath{h.mount_point.str() + path});
  };
  if (std::ranges::none_of(layout().hierarchies, has_it)) return;
  const ContainerCgroup cgroup{layout(), path};
  constexpr int k_attempts = 100;
  for (int attempt = 0; attempt < k_attempts && !cgroup.processes().empty(); ++attempt) {
    cgroup.kill_all();
    ::poll(nullptr, 0, attempt < 10 ? 1 : 10);
  }
  if (!cgroup.remove()) base::fail("remove cgroup '{}': something in it does not end", path);
}

void Remains::clean_up(const std::string& project, const ContainerId& id) {
  if (shim_alive(paths_, id)) await_shim_of_ended(paths_, id);
  if (shim_alive(paths_, id)) base::fail("container {} still has its supervisor", id.short_form());
  remove_cgroup(base::text("/{}/{}/{}", paths_.cgroup_root(), project, id.str()));
  base::fault_point("client.cgroup_cleaned");
  base::sys::remove_tree(paths_.run_directory(id));
}

void Remains::remove_empty_parents(const std::string& project) {
  remove_project_cgroups_if_empty(layout(), paths_.cgroup_root(), project);
  SupervisorCgroup{layout(), paths_.cgroup_root()}.remove_if_empty();
}

}  // namespace compose::rt
