#pragma once
// What a container leaves behind in the kernel and below the run root once its shim is gone: cgroups,
// whatever still runs in them, the run directory. Runs in the CLI's process.
#include <optional>
#include <string>

#include "runtime-shim/cgroup/layout.hpp"
#include "runtime-shim/client/paths.hpp"

namespace compose::rt {

class Remains {
 public:
  explicit Remains(RuntimePaths paths) : paths_(std::move(paths)) {}

  // Kills what still runs in the container's cgroups, removes them and the run directory. Waits for a shim
  // that has written its last status; refuses (Error) while one lives. Afterwards read_status is nullopt.
  // Costs a few looks where nothing was left; idempotent.
  void clean_up(const std::string& project, const ContainerId& id);

  // The directories above those of containers, as far as they are empty: after the last container of a batch.
  void remove_empty_parents(const std::string& project);

 private:
  const CgroupLayout& layout();  // detected at the first use
  void remove_cgroup(const std::string& path);

  RuntimePaths paths_;
  std::optional<CgroupLayout> layout_;
};

}  // namespace compose::rt
