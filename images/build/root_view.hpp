#pragma once
// A read-only look at a root file system made of layers, without mounting it anywhere: one layer is its
// directory, several are a detached overlay mount that lives as long as the view's descriptor. Paths inside
// are resolved as a process with this root would: links are followed and cannot lead out.
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include "base/path.hpp"
#include "base/unique_fd.hpp"

namespace compose::images {

class RootView {
 public:
  RootView() = default;  // an empty root: nothing exists
  // `layers` top first. Several layers need CAP_SYS_ADMIN.
  explicit RootView(const std::vector<base::HostPath>& layers);
  // A directory of the host as the root.
  explicit RootView(base::UniqueFd root) noexcept : root_(std::move(root)) {}

  [[nodiscard]] bool empty() const noexcept { return !root_; }
  [[nodiscard]] int fd() const noexcept { return root_.get(); }

  // The path without links, "." and "..", relative and without slashes around: "usr/bin/sh"; "" is the root.
  // What does not exist is kept as it is written. `follow_last`: a link in the last component is followed
  // too.
  [[nodiscard]] std::string resolve(std::string_view path, bool follow_last = true) const;
  // Of a path that resolve() gave.
  [[nodiscard]] std::optional<struct ::stat> stat(const std::string& resolved) const;
  [[nodiscard]] base::UniqueFd open(const std::string& resolved, int flags) const;
  [[nodiscard]] std::optional<std::string> read_file(std::string_view path, std::size_t limit) const;

 private:
  base::UniqueFd root_;
};

struct Owner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool operator==(const Owner&) const = default;
};

// "user[:group]" with names looked up in the view's /etc/passwd and /etc/group. Error: "user 'app' is not in
// /etc/passwd".
[[nodiscard]] Owner resolve_owner(const RootView& view, std::string_view spelling);

}  // namespace compose::images
