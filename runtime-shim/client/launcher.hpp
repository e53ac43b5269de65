#pragma once
// Starts containers: one compose-shim in launcher mode per Launcher (that is, per command), one message per
// container. Runs in the CLI, on its one thread. The launcher process is spawned at the first submit, or
// earlier by prepare(), from a read-only detached mount of the program so that no container can ever write to
// it; it ends when the Launcher is destroyed. Containers stay.
#include <functional>
#include <memory>
#include <optional>
#include <utility>  // first: this Boost forgets it
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "base/unique_fd.hpp"
#include "runtime-shim/client/paths.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/start_request.hpp"

namespace compose::rt {

struct HeldSocket {
  std::uint16_t port_index = 0;  // into spec.ports
  base::UniqueFd socket;         // listening (TCP) or bound (UDP) in the host's namespace
};

// The descriptors are given away: closed here once sent.
struct StartRequest {
  ContainerSpec spec;
  std::vector<HeldSocket> held_sockets;
  // Copies of stdout and stderr from the first byte on.
  std::optional<std::pair<base::UniqueFd, base::UniqueFd>> tee;
  base::UniqueFd follower;  // a pipe's write end, which gets the log lines from the first one on
  // Of a start that waits for its network, for its turn, or for both: where they come from
  // (client/start_lane.hpp). Taken back, it is reported as refused. A network of its own that nobody sends
  // has only a loopback link.
  base::UniqueFd lane;
  bool networked = false;
  bool gated = false;
};

// Where the program is: COMPOSE_SHIM, beside the running executable, or ../libexec/compose from there.
HostPath find_shim_program();

class Launcher {
 public:
  // `held_while_starting`: -1, or a descriptor that the launcher and each shim keep open until all that was
  // asked for has come up or failed, even when this process is killed.
  Launcher(boost::asio::any_io_executor executor, RuntimePaths paths,
           HostPath shim_program = find_shim_program(), int held_while_starting = -1);
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // Spawns the process now: it looks at the host and makes the cgroups of the project while the caller is
  // still busy with networks and rows.
  void prepare(const std::string& project);

  using Finished = std::function<void(const StartReport&)>;
  // Sends the request at once; the shim goes to work while the caller prepares the next container. `finished`
  // is called from the executor when exec has happened or the start was refused. Error: the launcher cannot
  // be started.
  void submit(StartRequest request, Finished finished);
  // submit() and its report.
  boost::asio::awaitable<StartReport> start(StartRequest request);

 private:
  class Body;
  std::shared_ptr<Body> body_;
};

}  // namespace compose::rt
