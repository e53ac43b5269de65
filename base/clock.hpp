#pragma once
// Time as something that is passed in. Durations and deadlines are monotonic; only what a person reads is
// wall time.
#include <chrono>

namespace compose::base {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual std::chrono::steady_clock::time_point monotonic() const = 0;
  [[nodiscard]] virtual std::chrono::system_clock::time_point wall() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override;
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override;
};

}  // namespace compose::base
