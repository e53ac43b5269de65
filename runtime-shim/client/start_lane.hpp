#pragma once
// The client's end of a lane: a start that was asked for before its network was there, or before its turn
// came (spec/start_request.hpp). Destroying it takes back a start that still waits for something.
#include <span>
#include <utility>

#include "base/unique_fd.hpp"

namespace compose::rt {

class StartLane {
 public:
  // Ours, and the end that goes into StartRequest::lane.
  static std::pair<StartLane, base::UniqueFd> make();

  // Both do nothing where the shim has ended meanwhile: that is reported by itself.
  void send_network(const base::UniqueFd& network_namespace, std::span<const base::UniqueFd> dns_sockets);
  void let_through();

 private:
  explicit StartLane(base::UniqueFd socket) : socket_(std::move(socket)) {}
  void send(std::string_view what, std::span<const int> fds) const;

  base::UniqueFd socket_;
};

}  // namespace compose::rt
