#pragma once
// Executing a plan, for verbs that need nothing more: locks were taken, the plan is made. Does not include
// Asio.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compose/cli/context.hpp"
#include "scheduler/desired_state.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/service_graph.hpp"

namespace compose::cli {

struct Waiting {
  std::optional<std::chrono::nanoseconds> timeout;
  bool unlocked = false;  // lets go of the project's lock when nothing but waits is left
};

// Under --dry-run prints the plan instead. Errors as Session::execute.
void execute_plan(Context& context, const sched::Plan& plan, const sched::DesiredState& desired,
                  const Waiting& waiting = {});

// How a verb comes to a project.
enum class Access : std::uint8_t {
  look,          // changes nothing that others rely on: takes no lock
  wait,          // for the command that holds the lock
  pass_or_wait,  // goes on beside that one, without the lock, where it is at work on other services
  // Has that command end where what it is at work on is to go. Where it is at work on other services:
  take_away_or_wait,  // waits for it
  take_away_or_pass,  // goes on beside it, without the lock
};

// A project as it is there, for the verbs that change what exists: locked, repaired, observed.
struct ExistingProject {
  sched::DesiredState nothing;  // its name and no more, which is what these verbs create
  sched::ObservedState observed;
  sched::ServiceGraph graph;
};
// `services`: names the user gave; the compose file is read only where one of them has no container.
[[nodiscard]] ExistingProject existing_project(Context& context, const std::vector<std::string>& services,
                                               Access access = Access::wait);

// Error "no such service: x" unless each has a container or is in the compose file.
void check_services(Context& context, const std::vector<sched::ObservedContainer>& containers,
                    const std::vector<std::string>& services);

}  // namespace compose::cli
