#include "images/registry/retry.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <poll.h>
#include <time.h>

namespace compose::images {

bool worth_retrying(unsigned status) {
  return status == 408 || status == 429 || (status >= 500 && status < 600 && status != 501 && status != 505);
}

namespace {
constexpr std::int64_t k_longest_asked = 86'400;  // seconds
}

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value,
                                                           std::chrono::system_clock::time_point now) {
  std::uint32_t seconds = 0;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (!value.empty() && read.ec == std::errc{} && read.ptr == value.data() + value.size())
    return std::chrono::seconds{std::min<std::int64_t>(seconds, k_longest_asked)};
  std::tm date{};
  const std::string text{value};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // In seconds: the clock's own ticks end before the year 9999.
  const std::int64_t left = ::timegm(&date) - std::chrono::system_clock::to_time_t(now);
  return std::chrono::seconds{std::clamp<std::int64_t>(left, 0, k_longest_asked)};
}

std::chrono::milliseconds wait_before(const RetryPolicy& policy, int attempt,
                                      std::optional<std::chrono::milliseconds> asked_for) {
  if (attempt <= 1) return {};
  auto wait = policy.first_wait;
  for (int i = 2; i < attempt && wait < policy.longest_wait; ++i) wait *= 2;
  if (asked_for) wait = std::max(wait, *asked_for);
  return std::min(wait, policy.longest_wait);
}

void pause_for(std::chrono::milliseconds time) {
  if (time.count() > 0) ::poll(nullptr, 0, static_cast<int>(time.count()));
}

}  // namespace compose::images
