#pragma once
// The project most plans are about: web depends on db, which has a health check. And a check that a plan does
// its work.
#include "support/fake_world.hpp"
#include "support/plan_story.hpp"

namespace compose::test {

inline sched::DesiredState shop(sched::Condition condition = sched::Condition::started) {
  sched::DesiredState desired = project();
  check_health(add_service(desired, "db"));
  depend(add_service(desired, "web"), "db", condition);
  return desired;
}

inline sched::Plan replan(FakeWorld& world, const sched::DesiredState& desired,
                          const sched::ReconcileOptions& options = {}) {
  return reconcile(desired, world.observed(), options);
}

// Runs the plan and expects that nothing is left to do.
inline void check_converges(FakeWorld& world, const sched::DesiredState& desired,
                            const sched::ReconcileOptions& options = {}) {
  const sched::Outcome outcome = world.up(desired, options);
  for (const sched::StepFailure& f : outcome.failures) MESSAGE(f.message);
  CHECK(outcome.ok());
  sched::ReconcileOptions again = options;
  again.recreate = sched::Recreate::when_different;
  again.recreate_dependencies = sched::Recreate::when_different;
  again.wait = false;
  CHECK(to_text(replan(world, desired, again)).empty());
}

// A container of this service starts and is not healthy yet.
inline void starts_with_health(FakeWorld& world, const std::string& service) {
  world.on_start[service] = [](rt::ContainerStatus& s) { s.health = rt::Health::starting; };
}

using Lines = std::vector<std::string>;

inline Lines messages(const sched::Outcome& outcome) {
  Lines lines;
  for (const sched::StepFailure& f : outcome.failures) lines.push_back(f.message);
  return lines;
}

}  // namespace compose::test
