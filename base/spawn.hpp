#pragma once
// Starting another program. vfork semantics, only the listed descriptors cross, the program can be a
// descriptor so that it cannot be replaced between check and use.
#include <optional>
#include <string>
#include <vector>

#include "base/path.hpp"
#include "base/process.hpp"
#include "base/unique_fd.hpp"

namespace compose::base {

struct PassedFd {
  int source;  // a descriptor of ours, stays ours
  int target;  // its number in the child
};

struct SpawnOptions {
  HostPath program;     // absolute
  int program_fd = -1;  // when >= 0, executed instead of `program` (which is then only shown in errors)
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // exactly these
  std::vector<PassedFd> fds;             // 0, 1, 2 not listed here become /dev/null
  std::optional<HostPath> directory;
  bool new_session = false;
  bool die_with_parent = false;  // SIGKILL when this process ends; no set-id bit of the program counts then
};

// Error when the program cannot be executed.
Process spawn(const SpawnOptions& options);

}  // namespace compose::base
