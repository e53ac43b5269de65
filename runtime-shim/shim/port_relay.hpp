#pragma once
// The held host ports. Usually the packet filter leads traffic past these sockets and they only keep others
// off the port; what does arrive here (from the host itself, or where no packet filter works) is relayed to
// the container. Bounded: buffers of 64 KiB per direction, at most 512 connections and 512 UDP peers; a peer
// is forgotten after a minute of silence.
#include <chrono>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime-shim/shim/event_loop.hpp"
#include "runtime-shim/shim/start_message.hpp"

namespace compose::rt {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool operator==(const SocketAddress& other) const noexcept;
};

// The container's address and port as a socket address; size 0: the container has no address of its own.
SocketAddress relay_target(const ContainerSpec& spec, std::uint16_t port);

class PortRelay {
 public:
  // Takes the message's held sockets.
  PortRelay(EventLoop& loop, StartMessage& message);
  ~PortRelay();
  PortRelay(const PortRelay&) = delete;
  PortRelay& operator=(const PortRelay&) = delete;

 private:
  class TcpPort;
  class UdpPort;

  std::vector<std::unique_ptr<TcpPort>> tcp_;
  std::vector<std::unique_ptr<UdpPort>> udp_;
  std::vector<base::UniqueFd> only_held_;
};

}  // namespace compose::rt
