#pragma once
// What is there: the rows of the state database, confirmed by the shims and by the kernel. Reads only. Runs
// in the CLI's process. The kernel is the truth: a container whose shim is gone is not running, whatever a
// file says.
#include <functional>
#include <string>
#include <vector>

#include "compose/adapters/paths.hpp"
#include "compose/adapters/state.hpp"
#include "scheduler/desired_state.hpp"
#include "scheduler/observed_state.hpp"

namespace compose::net {
class NetworkManager;
}

namespace compose::adapters {

// The status now; a container that was not started since the host booted is `created`, or `exited` when it
// ran before.
[[nodiscard]] rt::ContainerStatus status_of(const Paths& paths, const ContainerRecord& container);

// The containers alone: what the verbs need that change no network. Those that are half removed are left
// out, but for containers of `run`, which nobody else takes away.
[[nodiscard]] std::vector<sched::ObservedContainer> observe_containers(
    State& state, const Paths& paths, const std::string& project,
    State::Labels labels = State::Labels::without);

// Everything of a project; with `desired`, also the networks and volumes of others whose names it uses.
[[nodiscard]] sched::ObservedState observe(State& state, const net::NetworkManager& networks,
                                           const Paths& paths, const std::string& project,
                                           const sched::DesiredState* desired);

}  // namespace compose::adapters
