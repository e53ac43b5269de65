#pragma once
// Which cgroup hierarchies this host has: v2 alone, v1, or both (hybrid). Read from mountinfo, never from
// directory names: other programs leave plain directories below /sys/fs/cgroup. (proc_pid_mountinfo(5),
// cgroups(7))
#include <string>
#include <string_view>
#include <vector>

#include "base/path.hpp"

namespace compose::rt {

using base::HostPath;

struct Hierarchy {
  HostPath mount_point;
  std::vector<std::string> controllers;  // "memory", "cpu", ..., "name=systemd"; of v2: those it offers
  bool unified = false;
  bool caller_below_root = false;  // the process that looked is in a cgroup of its own here
  bool operator==(const Hierarchy&) const = default;
  [[nodiscard]] bool has(std::string_view controller) const;
};

struct CgroupLayout {
  std::vector<Hierarchy> hierarchies;  // the ones that containers join
  bool operator==(const CgroupLayout&) const = default;

  [[nodiscard]] const Hierarchy* with(std::string_view controller) const;  // nullptr: the host has none
  [[nodiscard]] const Hierarchy* unified() const;
  [[nodiscard]] bool has_v1() const;
};

// Pure. `mountinfo` and `membership` are the files of /proc/self, `unified_controllers` the content of
// cgroup.controllers. A v1 hierarchy without a controller that limits or counts, and the empty v2 of a
// hybrid, are joined only where the caller sits below their root: there a session manager would count the
// container as part of the login.
CgroupLayout parse_layout(std::string_view mountinfo, std::string_view membership,
                          std::string_view unified_controllers);

CgroupLayout detect_layout();

}  // namespace compose::rt
