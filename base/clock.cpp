#include "base/clock.hpp"

namespace compose::base {
std::chrono::steady_clock::time_point SystemClock::monotonic() const {
  return std::chrono::steady_clock::now();
}
std::chrono::system_clock::time_point SystemClock::wall() const {
  return std::chrono::system_clock::now();
}
std::int64_t wall_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace compose::base
