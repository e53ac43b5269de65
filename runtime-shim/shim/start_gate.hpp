#pragma once
// The gate of a start that was asked for ahead of time (spec/start_request.hpp). Runs in the shim, while the
// container's process stands before exec.
#include "base/error.hpp"

namespace compose::rt {

// Whoever asked for the start does not want it any more, or is gone.
class StartTakenBack final : public base::Error {
 public:
  StartTakenBack() : base::Error("the start was taken back") {}
};

// Returns when the byte has come. StartTakenBack: the pipe has ended; Error: the process ended while it
// waited.
void wait_at_gate(int gate, int process);  // a pipe; a pidfd

}  // namespace compose::rt
