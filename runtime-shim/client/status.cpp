#include "runtime-shim/client/status.hpp"

#include "base/sys.hpp"
#include "runtime-shim/spec/status_codec.hpp"

namespace compose::rt {
namespace {

constexpr int k_lost_exit_code = 137;
constexpr std::string_view k_lost = "its supervisor was lost; 'compose up' makes it anew";

ContainerStatus lost(ContainerStatus status) {
  status.state = ContainerState::exited;
  status.health = Health::none;
  status.init_pid = 0;
  status.exit_code = k_lost_exit_code;
  status.error = k_lost;
  return status;
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

bool shim_at_work(const RuntimePaths& paths, const ContainerId& id) {
  if (!shim_alive(paths, id)) return false;
  const auto status = read_status_file(paths.run_directory(id));
  return !status || (status->state != ContainerState::exited && status->state != ContainerState::dead);
}

bool was_lost(const ContainerStatus& status) {
  return status.state == ContainerState::exited && status.error == k_lost;
}

}  // namespace compose::rt
