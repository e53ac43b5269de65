#pragma once
// sched::Volumes: directories below the data root, and their rows. Driver "local" alone; of its options, a
// bind to a host directory (type none, o bind, device).
#include "base/clock.hpp"
#include "compose/adapters/state.hpp"
#include "scheduler/effects.hpp"

namespace compose::adapters {

class VolumeAdapter final : public sched::Volumes {
 public:
  VolumeAdapter(State& state, Paths paths, std::string project, base::Clock& clock)
      : state_(state), paths_(std::move(paths)), project_(std::move(project)), clock_(clock) {}
  sched::Task<sched::Failure> create(const sched::DesiredVolume& volume) override;
  sched::Task<sched::Failure> remove(const std::string& name) override;

 private:
  State& state_;
  Paths paths_;
  std::string project_;
  base::Clock& clock_;
};

}  // namespace compose::adapters
