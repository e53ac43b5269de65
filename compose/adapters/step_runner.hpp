#pragma once
// RUN steps of image builds, as short-lived containers: the builder's StepRunner on top of the runtime
// client. A step has the host's network (what it downloads it downloads as the host would), a default
// container's rights otherwise, and ends with this process.
#include <unistd.h>

#include "base/sys.hpp"
#include "compose/adapters/paths.hpp"
#include "images/build/step_runner.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::adapters {

class ContainerStepRunner final : public images::StepRunner {
 public:
  explicit ContainerStepRunner(Paths paths) : paths_(std::move(paths)) {}
  base::ExitStatus run(const images::StepSpec& spec, const images::StepOutput& output) override;
  void clean_up() override;

 private:
  void wait_for_starting();

  Paths paths_;
  // Whoever starts a step holds the write end, the launcher of a killed one longer than the step's process.
  base::sys::Pipe starting_ = base::sys::make_pipe();
  pid_t owner_ = ::getpid();  // steps run in children of it
};

// The container that a step runs in. Pure but for the fresh id, which says which process builds.
[[nodiscard]] rt::ContainerSpec container_of_step(const images::StepSpec& step, pid_t owner);

}  // namespace compose::adapters
