#pragma once
// The steps that run hooks of a container, one after the other.
#include <string>
#include <vector>

#include "scheduler/plan.hpp"

namespace compose::sched {

// Returns what the next step has to wait for: the last hook, or `after` where there is none.
[[nodiscard]] std::vector<StepId> add_hooks(Plan& plan, const ContainerRef& container,
                                            const std::string& phase, const std::vector<HookSpec>& hooks,
                                            std::vector<StepId> after);

}  // namespace compose::sched
