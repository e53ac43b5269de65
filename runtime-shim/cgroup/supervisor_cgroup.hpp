#pragma once
// Where the shims themselves live: "/<root>/_shims" in every hierarchy in which the command that started them
// sits below the root. There they neither count against the limits of the caller's session nor end with it.
// (No project can have a name that begins with an underscore.)
#include <string>

#include "base/unique_fd.hpp"
#include "runtime-shim/cgroup/layout.hpp"

namespace compose::rt {

class SupervisorCgroup {
 public:
  SupervisorCgroup(const CgroupLayout& layout, std::string root) : layout_(&layout), root_(std::move(root)) {}

  // Makes the directories; the container's project was made before. Idempotent.
  void ensure() const;
  // For CLONE_INTO_CGROUP; none where the caller is not below the root of v2.
  [[nodiscard]] base::UniqueFd unified_entrance() const;
  // The calling process, which has one thread, joins on v1.
  void join_v1() const;
  // Back to the roots; the last one to leave removes the directories.
  void leave() const noexcept;
  // Removes the directories where they are empty.
  void remove_if_empty() const noexcept;

 private:
  [[nodiscard]] HostPath directory(const Hierarchy& h) const { return h.mount_point / root_ / "_shims"; }

  const CgroupLayout* layout_;
  std::string root_;
};

}  // namespace compose::rt
