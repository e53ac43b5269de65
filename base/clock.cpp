#include "base/clock.hpp"

namespace compose::base {
std::chrono::steady_clock::time_point SystemClock::monotonic() const {
  return std::chrono::steady_clock::now();
}
std::chrono::system_clock::time_point SystemClock::wall() const {
  return std::chrono::system_clock::now();
}
}  // namespace compose::base
