#pragma once
// Limits of the compose spec as writes to cgroup files, for v1 and v2. Pure. (cgroup v1 and v2 documentation
// of the kernel; the conversions of shares and weights are those of runc, so that the same file gives the
// same numbers.)
#include <string>
#include <vector>

#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

struct CgroupWrite {
  std::string controller;  // which hierarchy
  std::string file;
  std::string value;
  std::string fallback;   // another file to try when there is no `file`
  bool optional = false;  // may be refused (a kernel without swap accounting): a warning, not an error
  bool operator==(const CgroupWrite&) const = default;
};

struct LimitPlan {
  std::vector<CgroupWrite> writes;
  std::vector<std::string> warnings;
};

// Error: a value outside what the kernel or Docker accepts, as "memory limit 1048576 is below the minimum of
// 6 MiB".
LimitPlan plan_limits_v1(const ResourceSpec& resources);
LimitPlan plan_limits_v2(const ResourceSpec& resources);

// cpu.shares -> cpu.weight: 0 unset, 2..262144 -> 1..10000, 1024 -> 100.
std::uint64_t weight_of_shares(std::uint64_t shares);
// blkio.weight 10..1000 -> io.weight 1..10000.
std::uint64_t weight_of_block_io(std::uint64_t weight);

}  // namespace compose::rt
