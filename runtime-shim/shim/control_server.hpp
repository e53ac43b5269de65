#pragma once
// The control socket: one short conversation per connection (runtime-shim/spec/control_protocol.hpp). Peers
// must be root. A connection that stalls or goes away costs its own descriptor and nothing else.
#include <memory>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime-shim/shim/event_loop.hpp"
#include "runtime-shim/shim/frame_reader.hpp"
#include "runtime-shim/shim/listener.hpp"
#include "runtime-shim/spec/control_protocol.hpp"

namespace compose::rt {

class Container;

// Error: damaged, another protocol, an unknown verb.
ControlRequest decode_control(std::string_view bytes);

class ControlServer {
 public:
  ControlServer(Container& container, base::UniqueFd listening);
  ~ControlServer();

 private:
  static constexpr std::size_t k_most_connections = 1024;

  struct Connection final : EventLoop::Source {
    Connection(ControlServer& s, std::uint64_t n, base::UniqueFd fd)
        : server(s), number(n), socket(std::move(fd)) {}
    void ready(std::uint32_t events) override;
    ControlServer& server;
    std::uint64_t number;  // never used again, unlike an address
    base::UniqueFd socket;
    FrameReader reader;
    bool asked = false;  // the request is in; only the peer's going away is of interest now
    bool holds = false;  // the container stands still until then
  };

  void admit(base::UniqueFd socket);
  void answer(Connection& connection, base::Message message);
  void carry_out(Connection& connection, const ControlRequest& request, std::vector<base::UniqueFd> fds);
  void exec(Connection& connection, const ControlRequest& request, std::vector<base::UniqueFd> fds);
  void reply_at_end(Connection& connection);
  void reply_later(std::uint64_t connection, const ControlReply& reply);
  static void send(const Connection& connection, const ControlReply& reply, int fd = -1);
  void drop(std::uint64_t connection);

  Container& container_;
  Listener listener_;
  std::uint64_t last_number_ = 0;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace compose::rt
