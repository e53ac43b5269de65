#pragma once
// A plan: what is to be done, in which order, and why. A value: printed (`--dry-run`), compared by tests,
// executed. A step names the steps it has to wait for, and those are always earlier ones: a plan cannot
// contain a cycle.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "scheduler/operation.hpp"

namespace compose::sched {

struct Step {
  StepId id = StepId::none;
  Operation operation;
  std::vector<StepId> after;  // ascending, without repetition
  std::string cause;          // "missing", "image changed", "replaced"
  StepId by = StepId::none;   // the step that is behind it: "replaced by #4"
  bool operator==(const Step&) const = default;
};

class Plan {
 public:
  // Error (a defect of the caller) when `after` names a step that is not there yet. StepId::none in it is
  // left out.
  StepId add(Operation operation, std::vector<StepId> after, std::string cause, StepId by = StepId::none);
  // One step to wait for instead of all of `steps`: a Milestone where there are several, none where there is
  // none.
  StepId join(std::vector<StepId> steps, std::string milestone);
  [[nodiscard]] StepId next_id() const noexcept {
    return StepId{static_cast<std::uint32_t>(steps_.size() + 1)};
  }

  // Containers that are as they should be; reported as "Running" when they run.
  void keep(ContainerRef container) { kept_.push_back(std::move(container)); }
  // A sentence for the user that stops nothing.
  void warn(std::string text) { warnings_.push_back(std::move(text)); }

  [[nodiscard]] bool empty() const noexcept { return steps_.empty(); }
  [[nodiscard]] std::span<const Step> steps() const noexcept { return steps_; }
  [[nodiscard]] const Step& step(StepId id) const { return steps_.at(static_cast<std::size_t>(id) - 1); }
  [[nodiscard]] std::span<const ContainerRef> kept() const noexcept { return kept_; }
  [[nodiscard]] std::span<const std::string> warnings() const noexcept { return warnings_; }
  bool operator==(const Plan&) const = default;

 private:
  std::vector<Step> steps_;
  std::vector<ContainerRef> kept_;
  std::vector<std::string> warnings_;
};

// The cause of a step without numbers of others, for where none are shown: "replaced by
// 0123456789ab_shop-web-1" for "replaced by #3", "created" for "created by #1".
[[nodiscard]] std::string cause_without_numbers(const Plan& plan, const Step& step);

// One line for each step, in order; "" for an empty plan:
//   #3 create container shop-db-1 (missing) after #1 #2
[[nodiscard]] std::string to_text(const Plan& plan);
// {"steps": [{"id", "operation", "object", "service", "cause", "after"}], "running": [...], "warnings":
// [...]}
[[nodiscard]] std::string to_json_text(const Plan& plan);

}  // namespace compose::sched
