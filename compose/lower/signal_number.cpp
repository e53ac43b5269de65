#include <cctype>
#include <charconv>
#include <csignal>
#include <cstring>

#include "base/error.hpp"
#include "compose/lower/lower_project.hpp"

namespace compose::lower {
namespace {

constexpr int k_first_realtime = 34;  // glibc keeps 32 and 33 for itself; the names count from here
constexpr int k_last_signal = 64;

// "15", "+3", "-2": nullopt when it is not a whole number.
std::optional<int> number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> by_name(std::string_view name) {
  for (const auto& [prefix, base] :
       {std::pair{std::string_view{"RTMIN"}, k_first_realtime}, {"RTMAX", k_last_signal}}) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view offset = name.substr(prefix.size());
    if (offset.empty()) return base;
    const std::optional<int> distance = number(offset);
    return distance ? std::optional{base + *distance} : std::nullopt;
  }
  for (int i = 1; i < k_first_realtime - 2; ++i) {
    const char* abbreviation = ::sigabbrev_np(i);
    if (abbreviation != nullptr && name == abbreviation) return i;
  }
  return std::nullopt;
}

}  // namespace

int signal_number(const std::string& name) {
  std::string upper;
  for (const char c : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string_view bare = upper;
  if (bare.starts_with("SIG")) bare.remove_prefix(3);
  std::optional<int> found = number(upper);
  if (!found) found = by_name(bare);
  if (!found || *found < 1 || *found > k_last_signal) base::fail("unknown signal \"{}\"", name);
  return *found;
}

}  // namespace compose::lower
