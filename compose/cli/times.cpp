#include "compose/cli/times.hpp"

#include <charconv>

#include "base/units.hpp"
#include "compose/cli/arguments.hpp"

namespace compose::cli {

using std::chrono::system_clock;

system_clock::time_point parse_moment(std::string_view text, system_clock::time_point now) {
  using std::chrono::duration_cast;
  double seconds = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (end.ec == std::errc{} && end.ptr == text.data() + text.size())
    return system_clock::time_point{
        duration_cast<system_clock::duration>(std::chrono::duration<double>{seconds})};
  if (const auto ago = base::parse_duration(text)) return now - duration_cast<system_clock::duration>(*ago);
  const std::string word{text};
  for (const auto* rest : {"", "Z", ":00Z", "T00:00:00Z"})
    if (const auto time = base::parse_time(word + rest)) return *time;
  throw UsageError(
      base::text("invalid time \"{}\": expected 2026-01-02T03:04:05Z, unix seconds, or 42m", text));
}

std::string log_time(std::string_view text, system_clock::time_point now) {
  return base::format_time(parse_moment(text, now));
}

std::string time_ago(std::string_view time, system_clock::time_point now) {
  const auto then = base::parse_time(time);
  if (!then) return "N/A";
  return base::format_age(std::chrono::duration_cast<std::chrono::seconds>(now - *then)) + " ago";
}

std::optional<std::chrono::nanoseconds> given_seconds(std::optional<int> number) {
  if (!number) return std::nullopt;
  return std::chrono::seconds{*number};
}

}  // namespace compose::cli
