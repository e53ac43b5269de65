#include "runtime-shim/shim/start_gate.hpp"

#include <poll.h>
#include <unistd.h>

namespace compose::rt {

void wait_at_gate(int gate, int process) {
  pollfd ends[] = {{.fd = gate, .events = POLLIN, .revents = 0},
                   {.fd = process, .events = POLLIN, .revents = 0}};
  base::check(base::retry_eintr([&] { return ::poll(ends, 2, -1); }), "wait at the gate");
  if (ends[1].revents != 0) base::fail("the process ended before its start");
  char released = 0;
  const auto n = base::retry_eintr([&] { return ::read(gate, &released, 1); });
  if (base::check(n, "wait at the gate") == 0) throw StartTakenBack{};
}

}  // namespace compose::rt
