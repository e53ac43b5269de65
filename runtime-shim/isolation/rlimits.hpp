#pragma once
// Resource limits of a process (setrlimit(2)), prepared as numbers so that the child only has to set them.
#include <span>
#include <string>
#include <sys/resource.h>
#include <vector>

#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

struct PreparedRlimit {
  int resource;
  rlimit value;
};

// The default (nofile 1024, as far as our own hard limit allows) overridden by what the spec says. A hard
// limit above our own needs CAP_SYS_RESOURCE: without it the limit is cut and a warning is added. Error:
// unknown name, soft above hard.
std::vector<PreparedRlimit> prepare_rlimits(std::span<const Rlimit> wanted, bool may_raise,
                                            std::vector<std::string>& warnings);

}  // namespace compose::rt
