#pragma once
// Runs one process in a container and waits for it: build steps. Blocks; no network or the host's
// (spec.security.network), no restart, no log: stdio are the caller's descriptors. Leaves nothing behind.
#include <functional>
#include <string_view>

#include "runtime-shim/client/paths.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

struct RunStdio {  // borrowed; -1 is /dev/null
  int input = -1;
  int output = -1;
  int error = -1;
  // Set: gets what the process writes to stdout and stderr, as it comes, in place of `output` and `error`.
  std::function<void(std::string_view bytes)> on_output;
  // Kept open by what starts the process until it has come up or failed, even when this process is killed.
  int held_while_starting = -1;
};

// The exit code (128 + signal when killed). Error: the process could not be started, with the reason.
// Stopping early: the container ends when this process does.
int run_to_completion(const RuntimePaths& paths, const HostPath& shim_program, const ContainerSpec& spec,
                      const RunStdio& stdio);

// Until the container's shim lets go of its lock, which the kernel does for it however it ends.
void wait_for_end(const RuntimePaths& paths, const ContainerId& id);

}  // namespace compose::rt
