#pragma once
// The environment that a file is interpolated with: names and values, of the process first, completed from
// .env files.
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace compose::loader {

using Environment = std::map<std::string, std::string, std::less<>>;

inline std::optional<std::string> look_up(const Environment& environment, std::string_view name) {
  const auto found = environment.find(name);
  if (found == environment.end()) return std::nullopt;
  return found->second;
}

}  // namespace compose::loader
