#include "runtime-shim/client/start_lane.hpp"

#include <cerrno>
#include <sys/socket.h>
#include <vector>

#include "base/channel.hpp"
#include "base/error.hpp"
#include "base/sys.hpp"
#include "runtime-shim/spec/start_request.hpp"

namespace compose::rt {

std::pair<StartLane, base::UniqueFd> StartLane::make() {
  auto [ours, theirs] = base::sys::make_socket_pair(SOCK_STREAM);
  return {StartLane{std::move(ours)}, std::move(theirs)};
}

void StartLane::send_network(const base::UniqueFd& network_namespace,
                             std::span<const base::UniqueFd> dns_sockets) {
  std::vector<int> fds{network_namespace.get()};
  for (const auto& socket : dns_sockets) fds.push_back(socket.get());
  send(k_lane_network, fds);
}

void StartLane::let_through() {
  send(k_lane_go, {});
}

void StartLane::send(std::string_view what, std::span<const int> fds) const {
  try {
    base::send_message(socket_.get(), what, fds);
  } catch (const base::SysError& e) {
    if (e.code() != EPIPE && e.code() != ECONNRESET) throw;
  }
}

}  // namespace compose::rt
