#pragma once
// Time as something that is passed in. Durations and deadlines are monotonic; only what a person reads is
// wall time.
#include <chrono>
#include <cstdint>

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

// Of the wall clock, since 1970: the times in logs and status files.
[[nodiscard]] std::int64_t wall_nanoseconds();

}  // namespace compose::base
