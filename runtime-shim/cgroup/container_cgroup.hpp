#pragma once
// The cgroup of one container in every hierarchy that the host has: "/<root>/<project>/<id>". v2 is first
// class (clone straight into it, cgroup.kill, cgroup.freeze); on v1 the child joins by itself, writing "0" to
// `tasks`, because moving one thread of one's own takes no lock that stops the whole system. The paths are
// absolute below each hierarchy, so that a container never inherits the caller's limits.
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime-shim/cgroup/device_rules.hpp"
#include "runtime-shim/cgroup/layout.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

// Makes "/<root>/<project>" everywhere and switches the controllers on below it. Idempotent.
void ensure_project_cgroups(const CgroupLayout& layout, const std::string& root, const std::string& project);

// Removes "/<root>/<project>" and "/<root>" everywhere, as far as they are empty.
void remove_project_cgroups_if_empty(const CgroupLayout& layout, const std::string& root,
                                     const std::string& project) noexcept;

// How a child gets in. Descriptors stay open until the child is in.
struct CgroupEntrance {
  base::UniqueFd unified;                  // for CLONE_INTO_CGROUP; none on v1
  std::vector<base::UniqueFd> task_files;  // v1: the child writes "0" into each
};

class ContainerCgroup {
 public:
  // `path` is "/compose/shop/<id>". Names an existing or future cgroup; does nothing yet.
  ContainerCgroup(const CgroupLayout& layout, std::string path) : layout_(&layout), path_(std::move(path)) {}

  // Makes the directories and sets the limits. A directory that is there already must be empty and is thawed.
  void create(const ResourceSpec& resources, const std::vector<DeviceRule>& allowed,
              std::vector<std::string>& warnings);

  [[nodiscard]] CgroupEntrance entrance() const;
  [[nodiscard]] std::vector<pid_t> processes() const;
  void freeze(bool frozen) const;
  // SIGKILL to all of it; thaws, because a frozen process does not die.
  void kill_all() const;
  // Was something of it killed for want of memory?
  [[nodiscard]] bool oom_killed() const;
  // Every directory in every hierarchy, and the project's when it is the last. False: something still runs in
  // it.
  bool remove() const;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] const CgroupLayout& layout() const noexcept { return *layout_; }

 private:
  [[nodiscard]] HostPath directory(const Hierarchy& h) const { return HostPath{h.mount_point.str() + path_}; }
  void make_directory(const Hierarchy& h) const;
  void apply(const struct LimitPlan& plan, std::vector<std::string>& warnings) const;
  void allow_devices_v1(const Hierarchy& h, const std::vector<DeviceRule>& allowed) const;

  const CgroupLayout* layout_;
  std::string path_;
};

}  // namespace compose::rt
