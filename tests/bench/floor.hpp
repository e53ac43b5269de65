#pragma once
// The kernel floor: a bare serial loop of system calls that makes N processes as isolated and networked as
// containers are, and takes them down again. No state, no images, no supervision: what any program must at
// least pay on this machine.
#include <string>
#include <vector>

namespace compose::bench {

struct FloorTimes {
  double start_ms = 0;  // all N, from nothing (the bridge is there) to every exec
  double stop_ms = 0;   // all N, from SIGKILL to no process, cgroup, link and directory left
};

// `sleeper`: a static program that runs until it is killed. Runs in the caller's network namespace; root.
FloorTimes measure_floor(int count, const std::string& sleeper);

}  // namespace compose::bench
