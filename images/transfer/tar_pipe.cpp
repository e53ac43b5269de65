#include "images/transfer/tar_pipe.hpp"

#include <array>
#include <poll.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/wire.hpp"
#include "images/worker.hpp"

namespace compose::images {
namespace {

// The other end is closed and has nothing more to read.
bool is_hung_up(int pipe) {
  pollfd state{.fd = pipe, .events = POLLIN, .revents = 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLHUP) != 0 && (state.revents & POLLIN) == 0;
}

WorkerOutcome outcome_of(Worker& worker) {
  for (;;) {
    const std::array<int, 1> fds{worker.fd()};
    wait_for_any(fds, -1);
    if (auto outcome = worker.hear({})) return std::move(*outcome);
  }
}

}  // namespace

std::vector<std::string> pass_through_pipe(const std::function<std::vector<std::string>(ByteSink& tar)>& pack,
                                           const std::function<void(ByteSource& tar)>& unpack) {
  auto pipe = base::sys::make_pipe();
  Worker packing{[&](WorkerReport&) {
    pipe.read_end = {};
    FdSink sink{pipe.write_end.get()};
    return base::to_wire(pack(sink));
  }};
  pipe.write_end = {};
  std::string damage;
  bool packer_ended_first = false;
  try {
    FdSource tar{pipe.read_end.get()};
    unpack(tar);
  } catch (const base::Error& e) {
    damage = e.what();
    packer_ended_first = is_hung_up(pipe.read_end.get());
  }
  pipe.read_end = {};
  const auto outcome = outcome_of(packing);
  if (!damage.empty() && !packer_ended_first)
    base::fail("{}", damage);  // the packer only found the pipe closed
  if (outcome.failed) base::fail("{}", outcome.text);
  if (!damage.empty()) base::fail("{}", damage);
  return base::from_wire<std::vector<std::string>>(outcome.text);
}

}  // namespace compose::images
