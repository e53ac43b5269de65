#pragma once
// Paths that cannot be mixed up. A HostPath is resolved by the kernel as this process sees it; a
// ContainerPath only ever makes sense below some container's root and must be resolved with
// openat2(RESOLVE_IN_ROOT).
#include <compare>
#include <string>
#include <string_view>

namespace compose::base {

class HostPath {
 public:
  HostPath() = default;
  explicit HostPath(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] const std::string& str() const noexcept { return path_; }
  [[nodiscard]] const char* c_str() const noexcept { return path_.c_str(); }
  [[nodiscard]] bool empty() const noexcept { return path_.empty(); }
  [[nodiscard]] HostPath parent() const;
  [[nodiscard]] std::string name() const;  // last component
  auto operator<=>(const HostPath&) const = default;

 private:
  std::string path_;
};

// Joins with exactly one slash between: HostPath{"/run"} / "compose".
[[nodiscard]] HostPath operator/(const HostPath& directory, std::string_view name);

class ContainerPath {
 public:
  ContainerPath() = default;
  explicit ContainerPath(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] const std::string& str() const noexcept { return path_; }
  [[nodiscard]] const char* c_str() const noexcept { return path_.c_str(); }
  [[nodiscard]] bool empty() const noexcept { return path_.empty(); }
  auto operator<=>(const ContainerPath&) const = default;

 private:
  std::string path_;
};

// Lexical clean-up as Go's path.Clean: "/a//b/../c/" -> "/a/c"; relative stays relative; "" -> ".".
[[nodiscard]] std::string clean_path(std::string_view path);

// `path` as it is when absolute, otherwise below `base`; cleaned.
[[nodiscard]] std::string absolute_path(std::string_view path, std::string_view base);

}  // namespace compose::base
