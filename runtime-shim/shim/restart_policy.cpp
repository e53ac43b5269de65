#include "runtime-shim/shim/restart_policy.hpp"

#include <algorithm>

namespace compose::rt {
namespace {

using namespace std::chrono_literals;
constexpr auto k_first_delay = 100ms;
constexpr std::chrono::milliseconds k_longest_delay = 60s;
constexpr auto k_stable_after = 10s;

}  // namespace

std::optional<std::chrono::milliseconds> RestartBackoff::next(int exit_code,
                                                              std::chrono::nanoseconds was_up) {
  if (policy_.mode == RestartMode::no) return std::nullopt;
  if (policy_.mode == RestartMode::on_failure) {
    if (exit_code == 0) return std::nullopt;
    if (policy_.max_retries > 0 && restarts_ >= policy_.max_retries) return std::nullopt;
  }
  ++restarts_;
  const bool was_stable = was_up >= k_stable_after;
  delay_ = was_stable || delay_ == 0ms ? k_first_delay : std::min(delay_ * 2, k_longest_delay);
  return delay_;
}

}  // namespace compose::rt
