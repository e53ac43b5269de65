#pragma once
// Sizes and durations with the spellings of the compose spec ("1.5g", "1m30s") and of Docker's tables
// ("12.5MiB", "About a minute").
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace compose::base {

using Nanoseconds = std::chrono::nanoseconds;

// "512", "1.5g", "10 MB": every unit is 1024-based; -1 is allowed. nullopt: not a size.
std::optional<std::int64_t> parse_bytes(std::string_view spelling);

// Go's durations and d (24h) and w (7d): "1m30s", "1.5h", "-2s", "0". nullopt: not a duration.
std::optional<Nanoseconds> parse_duration(std::string_view spelling);
std::string format_duration(Nanoseconds duration);  // Go's: 90s -> "1m30s", 0 -> "0s"

std::string format_bytes_binary(std::uint64_t bytes);                   // "12.5MiB"
std::string format_bytes_decimal(std::uint64_t bytes, int digits = 4);  // "12.55MB"; 3: "12.6MB"
std::string format_age(std::chrono::seconds age);  // "5 seconds", "About a minute", "3 weeks"

// RFC 3339 in UTC with nanoseconds: "2026-01-02T03:04:05.000000006Z".
std::string format_time(std::chrono::system_clock::time_point time);
std::string time_now();  // of the wall clock, in that form
// Nothing where it is no such time, or one that 64 bits of nanoseconds do not reach (before 1677, after
// 2262).
std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view rfc3339);

}  // namespace compose::base
