#pragma once
// A plan as a golden file has it: its steps, what runs already, its warnings.
#include <string>

#include "scheduler/plan.hpp"
#include "support/golden.hpp"

namespace compose::test {

inline std::string story_of(const sched::Plan& plan) {
  std::string out = to_text(plan);
  for (const sched::ContainerRef& c : plan.kept()) out += "running " + c.name + "\n";
  for (const std::string& w : plan.warnings()) out += "warning: " + w + "\n";
  return out;
}

inline void check_plan(const std::string& name, const sched::Plan& plan) {
  check_golden("plans/" + name + ".txt", story_of(plan));
}

}  // namespace compose::test
