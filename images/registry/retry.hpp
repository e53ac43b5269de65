#pragma once
// How often to ask again, and how long to wait before: each wait doubles, up to a limit; a server that says
// Retry-After is obeyed, within reason.
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace compose::images {

struct RetryPolicy {
  int attempts = 5;
  std::chrono::milliseconds first_wait{500};
  std::chrono::milliseconds longest_wait{30'000};
};

// Is this the answer of a server that may answer better soon? 408, 429 and 5xx, but for 501 and 505.
[[nodiscard]] bool worth_retrying(unsigned status);

// Retry-After: seconds or a date (RFC 9110, 10.2.3). nullopt: neither.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

// Before attempt number `attempt` (the first is 1, and never waits). `asked_for`: by the server.
[[nodiscard]] std::chrono::milliseconds wait_before(const RetryPolicy& policy, int attempt,
                                                    std::optional<std::chrono::milliseconds> asked_for);

// Blocks.
void pause_for(std::chrono::milliseconds time);

}  // namespace compose::images
