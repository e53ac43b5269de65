#include "base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace compose::base {
namespace {

// Reads digits with at most one point; "" and "." are not numbers.
std::optional<double> take_decimal(std::string_view& rest) {
  std::size_t n = 0;
  bool digit = false;
  bool point = false;
  for (; n < rest.size(); ++n) {
    if (rest[n] >= '0' && rest[n] <= '9')
      digit = true;
    else if (rest[n] == '.' && !point)
      point = true;
    else
      break;
  }
  if (!digit) return std::nullopt;
  double value = 0;
  const auto* begin = rest.data();
  std::string padded;
  if (*begin == '.') {
    padded = "0" + std::string{rest.substr(0, n)};
    begin = padded.data();
  }
  std::from_chars(begin, begin + (padded.empty() ? n : padded.size()), value);
  rest.remove_prefix(n);
  return value;
}

struct SizeUnit {
  char letter;
  int power;
};
constexpr std::array k_size_units{SizeUnit{'k', 1}, SizeUnit{'m', 2}, SizeUnit{'g', 3}, SizeUnit{'t', 4},
                                  SizeUnit{'p', 5}};

// "", "b", "k", "kb", "kib" and so on -> multiplier.
std::optional<double> size_multiplier(std::string_view unit) {
  const std::string lower = lower_case(unit);
  if (lower.empty() || lower == "b") return 1;
  for (const auto& known : k_size_units) {
    if (lower.front() != known.letter) continue;
    const std::string_view tail = std::string_view{lower}.substr(1);
    if (tail.empty() || tail == "b" || tail == "ib") return std::pow(1024.0, known.power);
  }
  return std::nullopt;
}

struct TimeUnit {
  std::string_view name;
  double nanoseconds;
};
constexpr std::array k_time_units{TimeUnit{"ns", 1},        TimeUnit{"us", 1e3},   TimeUnit{"\u00b5s", 1e3},
                                  TimeUnit{"\u03bcs", 1e3}, TimeUnit{"ms", 1e6},   TimeUnit{"s", 1e9},
                                  TimeUnit{"m", 60e9},      TimeUnit{"h", 3600e9}, TimeUnit{"d", 86400e9},
                                  TimeUnit{"w", 604800e9}};

std::optional<double> take_time_unit(std::string_view& rest) {
  std::size_t n = 0;
  while (n < rest.size() && rest[n] != '.' && (rest[n] < '0' || rest[n] > '9')) ++n;
  const auto unit = rest.substr(0, n);
  rest.remove_prefix(n);
  for (const auto& known : k_time_units)
    if (known.name == unit) return known.nanoseconds;
  return std::nullopt;
}

// 12.5 -> "12.5", 12.0 -> "12": so many significant digits at most.
std::string rounded(double value, int digits) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
  return buffer;
}

std::string format_scaled(std::uint64_t bytes, double base, std::span<const char* const> units,
                          int digits = 4) {
  // Three digits have no room for what is rounded to a thousand.
  const double most = digits == 3 ? 999.5 : base;
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= most && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  return rounded(value, digits) + units[unit];
}

// A fraction without trailing zeros: 1.5 of (1'500'000, 1'000'000).
std::string fraction(std::int64_t value, std::int64_t unit) {
  std::string out = std::to_string(value / unit);
  std::int64_t rest = value % unit;
  if (rest == 0) return out;
  out += '.';
  for (std::int64_t digit = unit / 10; rest > 0; digit /= 10) {
    out += static_cast<char>('0' + rest / digit);
    rest %= digit;
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> parse_bytes(std::string_view spelling) {
  if (spelling == "-1") return -1;
  const auto number = take_decimal(spelling);
  if (!number) return std::nullopt;
  if (!spelling.empty() && spelling.front() == ' ') spelling.remove_prefix(1);
  const auto multiplier = size_multiplier(spelling);
  if (!multiplier) return std::nullopt;
  const double value = *number * *multiplier;
  if (value >= 9.2e18) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

std::optional<Nanoseconds> parse_duration(std::string_view spelling) {
  const bool negative = spelling.starts_with('-');
  if (negative || spelling.starts_with('+')) spelling.remove_prefix(1);
  if (spelling == "0") return Nanoseconds{0};
  if (spelling.empty()) return std::nullopt;
  double total = 0;
  while (!spelling.empty()) {
    const auto number = take_decimal(spelling);
    if (!number) return std::nullopt;
    const auto unit = take_time_unit(spelling);
    if (!unit) return std::nullopt;
    total += *number * *unit;
  }
  if (total >= 9.2e18) return std::nullopt;
  return Nanoseconds{std::llround(negative ? -total : total)};
}

std::string format_duration(Nanoseconds duration) {
  auto rest = duration.count();
  if (rest == 0) return "0s";
  std::string out = rest < 0 ? "-" : "";
  rest = rest < 0 ? -rest : rest;
  if (rest < 1'000) return out + std::to_string(rest) + "ns";
  if (rest < 1'000'000) return out + fraction(rest, 1'000) + "\u00b5s";
  if (rest < 1'000'000'000) return out + fraction(rest, 1'000'000) + "ms";
  const auto hours = rest / 3'600'000'000'000;
  const auto minutes = rest / 60'000'000'000 % 60;
  if (hours > 0) out += std::to_string(hours) + "h";
  if (hours > 0 || minutes > 0) out += std::to_string(minutes) + "m";
  return out + fraction(rest % 60'000'000'000, 1'000'000'000) + "s";
}

std::string format_bytes_binary(std::uint64_t bytes) {
  static constexpr std::array<const char*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  return format_scaled(bytes, 1024, units);
}

std::string format_bytes_decimal(std::uint64_t bytes, int digits) {
  static constexpr std::array<const char*, 6> units{"B", "kB", "MB", "GB", "TB", "PB"};
  return format_scaled(bytes, 1000, units, digits);
}

std::string format_age(std::chrono::seconds age) {
  const auto seconds = age.count();
  const auto minutes = seconds / 60;
  const auto hours = (seconds + 1800) / 3600;
  if (seconds < 1) return "Less than a second";
  if (seconds == 1) return "1 second";
  if (seconds < 60) return text("{} seconds", seconds);
  if (minutes == 1) return "About a minute";
  if (minutes < 60) return text("{} minutes", minutes);
  if (hours == 1) return "About an hour";
  if (hours < 48) return text("{} hours", hours);
  if (hours < 24 * 14) return text("{} days", hours / 24);
  if (hours < 24 * 60) return text("{} weeks", hours / 24 / 7);
  if (hours < 24 * 365 * 2) return text("{} months", hours / 24 / 30);
  return text("{} years", hours / 24 / 365);
}

std::string format_time(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::duration_cast<Nanoseconds>(time.time_since_epoch()).count();
  const auto nanoseconds = (since % 1'000'000'000 + 1'000'000'000) % 1'000'000'000;  // also before 1970
  const std::time_t seconds = (since - nanoseconds) / 1'000'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char buffer[80];
  std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02dT%02d:%02d:%02d.%09lldZ", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<long long>(nanoseconds));
  return buffer;
}

std::string time_now() {
  return format_time(SystemClock{}.wall());
}

std::optional<std::chrono::system_clock::time_point> parse_time(std::string_view rfc3339) {
  const std::string copy{rfc3339};
  std::tm parts{};
  int used = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &parts.tm_year, &parts.tm_mon,
                  &parts.tm_mday, &parts.tm_hour, &parts.tm_min, &parts.tm_sec, &used) != 6 ||
      used == 0)
    return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  std::string_view rest = std::string_view{copy}.substr(static_cast<std::size_t>(used));
  std::int64_t nanoseconds = 0;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    std::int64_t digit = 100'000'000;
    while (!rest.empty() && rest.front() >= '0' && rest.front() <= '9') {
      nanoseconds += (rest.front() - '0') * digit;
      digit /= 10;
      rest.remove_prefix(1);
    }
  }
  std::int64_t offset = 0;
  if (rest.size() == 6 && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':') {
    const auto two = [&](std::size_t at) { return (rest[at] - '0') * 10 + (rest[at + 1] - '0'); };
    offset = (two(1) * 3600 + two(4) * 60) * (rest[0] == '-' ? -1 : 1);
  } else if (rest != "Z" && rest != "z") {
    return std::nullopt;
  }
  const auto seconds = static_cast<std::int64_t>(::timegm(&parts)) - offset;
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max() / 1'000'000'000 - 1;
  if (seconds < -last || seconds > last) return std::nullopt;
  return std::chrono::system_clock::time_point{
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::seconds{seconds} +
                                                                      Nanoseconds{nanoseconds})};
}

}  // namespace compose::base
