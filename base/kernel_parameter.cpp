#include "base/kernel_parameter.hpp"

namespace compose::base {

std::optional<std::string> parameter_path(std::string_view key) {
  std::string path{key};
  const auto separator = path.find_first_of("./");
  if (separator != std::string::npos && path[separator] == '.')
    for (char& c : path) c = c == '.' ? '/' : c == '/' ? '.' : c;
  const std::string between = "/" + path + "/";
  for (const std::string_view part : {"//", "/./", "/../"})
    if (between.find(part) != std::string::npos) return std::nullopt;
  if (path.find('\0') != std::string::npos) return std::nullopt;
  return path;
}

}  // namespace compose::base
