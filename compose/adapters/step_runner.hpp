#pragma once
// RUN steps of image builds, as short-lived containers: the builder's StepRunner on top of the runtime
// client. A step has the host's network (what it downloads it downloads as the host would), a default
// container's rights otherwise, and ends with this process.
#include "compose/adapters/paths.hpp"
#include "images/build/step_runner.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::adapters {

class ContainerStepRunner final : public images::StepRunner {
 public:
  explicit ContainerStepRunner(Paths paths) : paths_(std::move(paths)) {}
  base::ExitStatus run(const images::StepSpec& spec, const images::StepOutput& output) override;

 private:
  void sweep();

  Paths paths_;
  bool swept_ = false;
};

// The container that a step runs in. Pure but for the fresh id.
[[nodiscard]] rt::ContainerSpec container_of_step(const images::StepSpec& step);

}  // namespace compose::adapters
