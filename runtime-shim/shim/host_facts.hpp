#pragma once
// What the launcher finds out about the host once, before the first fork: every shim of the batch has it in
// shared pages.
#include <optional>
#include <string>
#include <vector>

#include "runtime-shim/cgroup/layout.hpp"
#include "runtime-shim/isolation/capabilities.hpp"
#include "runtime-shim/isolation/seccomp_program.hpp"

namespace compose::rt {

struct HostFacts {
  CgroupLayout cgroups;
  CapabilityMask bounding = 0;
  bool may_raise_limits = false;
  CapabilityMask default_capabilities = 0;      // Docker's fourteen, as far as this host grants them
  SeccompProgram default_seccomp;               // for exactly these
  std::vector<std::string> side_channel_masks;  // thermal_throttle of each CPU that has it
  int oom_score_for_containers = 0;             // the caller's own, before the shim protected itself
  bool oom_score_changed = false;
};

HostFacts find_host_facts();

}  // namespace compose::rt
