#pragma once
// Health probes of one run of a container: exec inside, at most one at a time, output capped, killed with its
// process group at the timeout. `starting` until the first success or, after the start period, enough
// failures in a row.
#include <chrono>
#include <memory>
#include <string>

#include "base/unique_fd.hpp"
#include "runtime-shim/shim/event_loop.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::rt {

class Container;

// The judgement alone. Pure.
class HealthJudge {
 public:
  explicit HealthJudge(std::uint32_t retries) : retries_(retries) {}
  // After a probe; failures inside the start period do not count.
  Health after(bool success, bool in_start_period);
  [[nodiscard]] Health now() const noexcept { return now_; }

 private:
  std::uint32_t retries_;
  std::uint32_t failures_ = 0;
  Health now_ = Health::starting;
};

class HealthMonitor final : private EventLoop::Source {
 public:
  HealthMonitor(Container& container, const HealthSpec& spec);
  ~HealthMonitor();
  HealthMonitor(const HealthMonitor&) = delete;
  HealthMonitor& operator=(const HealthMonitor&) = delete;

 private:
  void ready(std::uint32_t events) override;
  void schedule();
  void probe();
  void probe_ended(int exit_code);
  void take_output();
  void close_output();
  [[nodiscard]] bool in_start_period() const;

  Container& container_;
  HealthSpec spec_;
  HealthJudge judge_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  base::UniqueFd output_;
  std::string text_;
  int probe_pid_ = 0;
  bool timed_out_ = false;
  EventLoop::TimerId timer_ = 0;
  // A probe may outlive this object by a moment: its end is told to whoever still is there.
  std::shared_ptr<HealthMonitor*> self_ = std::make_shared<HealthMonitor*>(this);
};

}  // namespace compose::rt
