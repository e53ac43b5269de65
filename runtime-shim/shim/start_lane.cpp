#include "runtime-shim/shim/start_lane.hpp"

#include <poll.h>

#include "base/channel.hpp"
#include "runtime-shim/spec/start_request.hpp"

namespace compose::rt {
namespace {

std::vector<base::UniqueFd> receive(int lane, int process, std::string_view expected) {
  pollfd ends[] = {{.fd = lane, .events = POLLIN, .revents = 0},
                   {.fd = process, .events = POLLIN, .revents = 0}};
  base::check(base::retry_eintr([&] { return ::poll(ends, 2, -1); }), "wait for '{}'", expected);
  if (ends[1].revents != 0) throw ProcessEnded{};
  auto message = base::receive_message(lane);
  if (!message) throw StartTakenBack{};
  if (message->bytes != expected) base::fail("'{}' came over the lane, not '{}'", message->bytes, expected);
  return std::move(message->fds);
}

}  // namespace

LateNetwork receive_network(int lane, int process) {
  auto fds = receive(lane, process, k_lane_network);
  if (fds.empty()) base::fail("the network namespace is missing");
  LateNetwork out{.network_namespace = std::move(fds.front()), .dns_sockets = {}};
  out.dns_sockets.assign(std::make_move_iterator(fds.begin() + 1), std::make_move_iterator(fds.end()));
  return out;
}

void wait_at_gate(int lane, int process) {
  receive(lane, process, k_lane_go);
}

bool turn_comes(int lane) {
  while (const auto message = base::receive_message(lane))
    if (message->bytes == k_lane_go) return true;
  return false;
}

}  // namespace compose::rt
