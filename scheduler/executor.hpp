#pragma once
// Runs a plan. Holds no policy: a step runs when everything it waits for is done; all steps of one kind that
// are ready at the same moment go into one batch. A failed step stops only what waits for it, directly or
// not; the rest goes on, and every failure is reported. An interruption launches nothing more, ends the
// waits, those for the end of a container and of a hook among them, and lets what else has begun finish.
//
// Runs in the CLI's process, on its one thread. `plan`, `desired` and `effects` outlive the returned task.
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/desired_state.hpp"
#include "scheduler/effects.hpp"
#include "scheduler/plan.hpp"

namespace compose::sched {

// Ctrl-C, seen from the executor. request() may be called at any time from the same thread, more than once.
class Interrupt {
 public:
  void request();
  [[nodiscard]] bool requested() const noexcept { return requested_; }
  void on_request(std::function<void()> call) { call_ = std::move(call); }  // the executor's; empty: none

 private:
  bool requested_ = false;
  std::function<void()> call_;
};

struct StepFailure {
  StepId step = StepId::none;
  std::string message;  // whole, for people
};

struct Outcome {
  std::vector<StepFailure> failures;       // as they happened
  std::vector<std::string> warnings;       // of optional dependencies, and of things still in use
  std::map<StepId, rt::ContainerId> made;  // by the CreateContainer steps
  std::size_t skipped = 0;                 // steps that never ran, or were not waited for
  // Of an interrupted plan: steps whose end was not waited for, which comes without anybody's doing ...
  std::vector<StepId> going_on;
  // ... and RestartContainer steps whose container was stopped and not started again.
  std::vector<StepId> not_started;
  bool interrupted = false;  // and something was left to do
  [[nodiscard]] bool ok() const noexcept { return failures.empty() && !interrupted; }
};

struct ExecuteOptions {
  // --wait-timeout, counted from the start of the execution. Bounds every wait for a condition.
  std::optional<std::chrono::nanoseconds> wait_timeout;
  Interrupt* interrupt = nullptr;
  // Called once, as soon as the steps that change something have ended and waits for conditions are under way
  // still (--wait): from then on the execution only watches.
  std::function<Task<void>(const Outcome& so_far)> when_only_waiting;
};

[[nodiscard]] Task<Outcome> execute(const Plan& plan, const DesiredState& desired, Effects effects,
                                    ExecuteOptions options = {});

}  // namespace compose::sched
