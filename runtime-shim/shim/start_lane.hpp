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

struct LateNetwork {
  base::UniqueFd network_namespace;
  std::vector<base::UniqueFd> dns_sockets;
};

// Both are asked while the container's process (a pidfd) waits: for its network, and before exec until it is
// let through. StartTakenBack: the lane has ended; Error: the process ended meanwhile.
LateNetwork receive_network(int lane, int process);
void wait_at_gate(int lane, int process);

}  // namespace compose::rt
