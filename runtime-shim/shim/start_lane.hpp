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

// Waits for the container's network, while nothing of it runs yet. StartTakenBack: the lane has ended.
LateNetwork receive_network(int lane);

// Waits, while the container's process stands before exec, until it is let through. StartTakenBack: the lane
// has ended; Error: the process ended while it waited.
void wait_at_gate(int lane, int process);  // a socket; a pidfd

}  // namespace compose::rt
