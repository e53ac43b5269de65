#pragma once
// The shim's end of a lane: what a start still needs comes over it (spec/start_request.hpp).
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace compose::rt {

// Whoever asked for the start does not want it any more, or is gone.
class StartTakenBack final : public base::Error {
 public:
  StartTakenBack() : base::Error("the start was taken back") {}
};

// The container's process is gone before it was executed.
class ProcessEnded final : public base::Error {
 public:
  ProcessEnded() : base::Error("the process ended before its start") {}
};

struct LateNetwork {
  base::UniqueFd network_namespace;
  std::vector<base::UniqueFd> dns_sockets;
};

// Both are asked while the container's process (a pidfd; -1: there is none yet) waits: for its network, and
// before exec until it is let through. StartTakenBack: the lane has ended; ProcessEnded.
LateNetwork receive_network(int lane, int process);
void wait_at_gate(int lane, int process);

// Of a start that has failed: waits until it is let through all the same. False: it is taken back.
bool turn_comes(int lane);

}  // namespace compose::rt
