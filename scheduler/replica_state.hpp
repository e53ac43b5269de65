#pragma once
// The life of one replica as the scheduler sees it, and the questions it asks about it. The states are those
// that its shim reports; who moves a replica from one to the next is written beside the arrow.
//
//   (absent) --create--> created --start--> running --exit--> exited --start--> running ...
//                                             |  ^               ^
//                              pause/unpause  |  |  shim: back-off over
//                                             v  |               |
//                                  paused ----+  +-- restarting -+-- shim: policy or retries used up
//   any state --remove--> (absent)               created, running --could not run--> dead
//
//  * The shim alone moves running -> exited, running -> restarting -> running, and decides about `dead`; the
//    scheduler never restarts a container by policy. So `exited` and `dead` are final until somebody starts
//    the replica again.
//  * Health belongs to one start: it begins anew ("starting") whenever a replica comes to `running`.
//  * `up` leaves running and restarting ones alone, lets paused ones go on, starts created, exited and dead
//    ones, and those that are stopping still when they have.
//  * Stopping is asked of everything active; what is not active is removed without being stopped.
//  * Interrupting: a stop asked for while a replica is starting waits until the start is decided (the plan
//    orders them).
#include "runtime-shim/spec/container_status.hpp"

namespace compose::sched {

// Has a shim that may run it: it has to be stopped before it can be removed.
[[nodiscard]] inline bool is_active(const rt::ContainerStatus& status) {
  using rt::ContainerState;
  return status.state == ContainerState::running || status.state == ContainerState::paused ||
         status.state == ContainerState::restarting;
}

// Its process is there, maybe frozen.
[[nodiscard]] inline bool is_up(const rt::ContainerStatus& status) {
  return status.state == rt::ContainerState::running || status.state == rt::ContainerState::paused;
}

// Its hooks can be run in it. Those before a stop have been, where that is under way.
[[nodiscard]] inline bool takes_hooks(const rt::ContainerStatus& status) {
  return status.state == rt::ContainerState::running && !status.stopping;
}

// It is there, and not for long: a stop was asked for that nobody waits for any more.
[[nodiscard]] inline bool is_leaving(const rt::ContainerStatus& status) {
  return status.stopping && is_active(status);
}

// It ran, or could not, and nothing is going to restart it.
[[nodiscard]] inline bool has_ended(const rt::ContainerStatus& status) {
  return status.state == rt::ContainerState::exited || status.state == rt::ContainerState::dead;
}

}  // namespace compose::sched
