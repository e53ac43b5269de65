#pragma once
// Executing a plan, for verbs that need nothing more: locks were taken, the plan is made. Does not include
// Asio.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "compose/cli/context.hpp"
#include "scheduler/desired_state.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/service_graph.hpp"

namespace compose::cli {

// Under --dry-run prints the plan instead. Errors as Session::execute.
void execute_plan(Context& context, const sched::Plan& plan, const sched::DesiredState& desired,
                  std::optional<std::chrono::nanoseconds> wait_timeout = std::nullopt);

// A project as it is there, for the verbs that change what exists: locked, repaired, observed.
struct ExistingProject {
  sched::DesiredState nothing;  // its name and no more, which is what these verbs create
  sched::ObservedState observed;
  sched::ServiceGraph graph;
};
// `services`: names the user gave; the compose file is read only where one of them has no container.
[[nodiscard]] ExistingProject existing_project(Context& context, const std::vector<std::string>& services);

// Error "no such service: x" unless each has a container or is in the compose file.
void check_services(Context& context, const std::vector<sched::ObservedContainer>& containers,
                    const std::vector<std::string>& services);

}  // namespace compose::cli
