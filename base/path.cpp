#include "base/path.hpp"

#include <vector>

namespace compose::base {

HostPath HostPath::parent() const {
  const auto slash = path_.find_last_of('/');
  if (slash == std::string::npos) return HostPath{"."};
  return HostPath{slash == 0 ? "/" : path_.substr(0, slash)};
}

std::string HostPath::name() const {
  const auto slash = path_.find_last_of('/');
  return slash == std::string::npos ? path_ : path_.substr(slash + 1);
}

HostPath operator/(const HostPath& directory, std::string_view name) {
  std::string joined = directory.str();
  if (joined.empty() || joined.back() != '/') joined += '/';
  while (!name.empty() && name.front() == '/') name.remove_prefix(1);
  joined += name;
  return HostPath{std::move(joined)};
}

std::string clean_path(std::string_view path) {
  const bool absolute = !path.empty() && path.front() == '/';
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (part != "..")
      parts.push_back(part);
    else if (!parts.empty() && parts.back() != "..")
      parts.pop_back();
    else if (!absolute)
      parts.push_back(part);
  }
  std::string out = absolute ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out.empty() ? "." : out;
}

std::string absolute_path(std::string_view path, std::string_view base) {
  if (!path.empty() && path.front() == '/') return clean_path(path);
  return clean_path(std::string{base} + "/" + std::string{path});
}

}  // namespace compose::base
