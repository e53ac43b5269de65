#include "scheduler/hook_steps.hpp"

namespace compose::sched {

std::vector<StepId> add_hooks(Plan& plan, const ContainerRef& container, const std::string& phase,
                              const std::vector<HookSpec>& hooks, std::vector<StepId> after) {
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    RunHook operation{.container = container, .phase = phase, .index = i, .hook = hooks[i]};
    after = {plan.add(std::move(operation), std::move(after), phase)};
  }
  return after;
}

}  // namespace compose::sched
