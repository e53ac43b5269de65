#pragma once
// Times as people give them to --since and --until. Pure.
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace compose::cli {

// "2026-01-02T03:04:05Z", "2026-01-02", unix seconds with an optional fraction, or a duration before `now`
// ("42m"). Error for anything else.
[[nodiscard]] std::chrono::system_clock::time_point parse_moment(std::string_view text,
                                                                 std::chrono::system_clock::time_point now);
// The same as log files write it.
[[nodiscard]] std::string log_time(std::string_view text, std::chrono::system_clock::time_point now);

// "3 minutes ago", of a time as images have it; "N/A" for what is none.
[[nodiscard]] std::string time_ago(std::string_view time, std::chrono::system_clock::time_point now);

// The value of an option in seconds, like --timeout, as the duration it means.
[[nodiscard]] std::optional<std::chrono::nanoseconds> given_seconds(std::optional<int> number);

}  // namespace compose::cli
