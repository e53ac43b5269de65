#include "runtime-shim/shim/port_relay.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/error.hpp"
#include "runtime-shim/shim/listener.hpp"

namespace compose::rt {
namespace {

constexpr std::size_t k_most_peers = 512;
constexpr std::size_t k_most_buffered = 64U << 10U;
constexpr auto k_silence = std::chrono::seconds{60};

char g_relay_buffer[64U << 10U];  // used by one read at a time

base::UniqueFd not_blocking(base::UniqueFd socket) {
  base::check(::fcntl(socket.get(), F_SETFL, O_NONBLOCK), "hold a port");
  return socket;
}

base::UniqueFd connect_to(const SocketAddress& target, int type) {
  base::UniqueFd fd{::socket(target.storage.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!fd) return {};
  const int error = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&target.storage), target.size);
  if (error == -1 && errno != EINPROGRESS) return {};
  return fd;
}

}  // namespace

bool SocketAddress::operator==(const SocketAddress& other) const noexcept {
  return size == other.size && std::memcmp(&storage, &other.storage, size) == 0;
}

SocketAddress relay_target(const ContainerSpec& spec, std::uint16_t port) {
  SocketAddress out;
  for (const auto& endpoint : spec.endpoints) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    if (::inet_pton(AF_INET, endpoint.ipv4.c_str(), &v4->sin_addr) == 1) {
      v4->sin_family = AF_INET;
      v4->sin_port = htons(port);
      out.size = sizeof *v4;
      return out;
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    if (::inet_pton(AF_INET6, endpoint.ipv6.c_str(), &v6->sin6_addr) == 1) {
      v6->sin6_family = AF_INET6;
      v6->sin6_port = htons(port);
      out.size = sizeof *v6;
      return out;
    }
  }
  return out;
}

// ---- TCP ----

class PortRelay::TcpPort {
 public:
  TcpPort(EventLoop& loop, base::UniqueFd socket, SocketAddress target)
      : loop_(loop),
        target_(target),
        listener_(loop, not_blocking(std::move(socket)),
                  [this](base::UniqueFd client) { relay(std::move(client)); }) {}

 private:
  // One side of a connection: what is read here waits in `buffer` until the other side takes it.
  struct Side final : EventLoop::Source {
    void ready(std::uint32_t events) override { port->move(*this, events); }
    TcpPort* port = nullptr;
    Side* other = nullptr;
    base::UniqueFd socket;
    std::string buffer;
    bool read_ended = false;
    bool write_closed = false;
    std::uint32_t watched = 0;
  };
  struct Pair {
    Side sides[2];
  };

  void relay(base::UniqueFd client) {
    if (pairs_.size() >= k_most_peers) return;
    base::UniqueFd inside = connect_to(target_, SOCK_STREAM);
    if (!inside) return;
    auto pair = std::make_unique<Pair>();
    base::UniqueFd* const fds[2] = {&client, &inside};
    for (int i = 0; i < 2; ++i) {
      auto& side = pair->sides[i];
      side.port = this;
      side.other = &pair->sides[1 - i];
      side.socket = std::move(*fds[i]);
      side.watched = EPOLLIN;
      loop_.add(side.socket.get(), EPOLLIN, side);
    }
    pairs_.push_back(std::move(pair));
  }

  void move(Side& side, std::uint32_t events) {
    const bool alive = ((events & EPOLLERR) == 0) && fill(side) && flush(side) && flush(*side.other);
    if (!alive ||
        (side.read_ended && side.other->read_ended && side.buffer.empty() && side.other->buffer.empty()))
      return forget(side);
    watch(side);
    watch(*side.other);
  }

  // Reads what there is, as far as the buffer has room. False: the connection is broken.
  static bool fill(Side& side) {
    while (!side.read_ended && side.buffer.size() < k_most_buffered) {
      const auto n = ::recv(side.socket.get(), g_relay_buffer, k_most_buffered - side.buffer.size(), 0);
      if (n > 0) side.buffer.append(g_relay_buffer, static_cast<std::size_t>(n));
      if (n == 0) side.read_ended = true;
      if (n == -1) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
      if (n > 0 && static_cast<std::size_t>(n) < sizeof g_relay_buffer) break;
    }
    return true;
  }

  // Passes on what `from` has read; its end too.
  static bool flush(Side& from) {
    Side& to = *from.other;
    while (!from.buffer.empty()) {
      const auto n = ::send(to.socket.get(), from.buffer.data(), from.buffer.size(), MSG_NOSIGNAL);
      if (n == -1) return errno == EAGAIN || errno == EINTR || errno == ENOTCONN;
      from.buffer.erase(0, static_cast<std::size_t>(n));
    }
    if (from.read_ended && !to.write_closed) {
      to.write_closed = true;
      ::shutdown(to.socket.get(), SHUT_WR);
    }
    return true;
  }

  void watch(Side& side) {
    const std::uint32_t in = !side.read_ended && side.buffer.size() < k_most_buffered ? EPOLLIN : 0U;
    const std::uint32_t out = !side.other->buffer.empty() ? EPOLLOUT : 0U;
    const std::uint32_t wanted = in | out;
    if (side.watched == wanted) return;
    // A socket that is closed in both directions is always ready for that: not watched at all while its last
    // bytes wait for the other side.
    if (wanted == 0)
      loop_.remove(side.socket.get());
    else if (side.watched == 0)
      loop_.add(side.socket.get(), wanted, side);
    else
      loop_.modify(side.socket.get(), wanted, side);
    side.watched = wanted;
  }

  void forget(const Side& side) {
    std::erase_if(pairs_, [&](const auto& p) { return &p->sides[0] == &side || &p->sides[1] == &side; });
  }

  EventLoop& loop_;
  SocketAddress target_;
  Listener listener_;
  std::vector<std::unique_ptr<Pair>>
      pairs_;  // closing a socket, which nobody else has, also ends its watching
};

// ---- UDP ----

class PortRelay::UdpPort final : private EventLoop::Source {
 public:
  UdpPort(EventLoop& loop, base::UniqueFd socket, SocketAddress target)
      : loop_(loop), socket_(not_blocking(std::move(socket))), target_(target) {
    loop_.add(socket_.get(), EPOLLIN, *this);
  }
  ~UdpPort() {
    loop_.cancel(timer_);
    peers_.clear();
    loop_.remove(socket_.get());
  }

 private:
  struct Peer final : EventLoop::Source {
    void ready(std::uint32_t) override { port->answer(*this); }
    UdpPort* port = nullptr;
    SocketAddress client;
    base::UniqueFd inside;
    std::chrono::steady_clock::time_point last_used;
  };

  void ready(std::uint32_t) override {
    SocketAddress client;
    client.size = sizeof client.storage;
    const auto n = ::recvfrom(socket_.get(), g_relay_buffer, sizeof g_relay_buffer, 0,
                              reinterpret_cast<sockaddr*>(&client.storage), &client.size);
    if (n == -1) return;
    Peer* peer = find_or_add(client);
    if (peer == nullptr) return;
    peer->last_used = std::chrono::steady_clock::now();
    ::send(peer->inside.get(), g_relay_buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL);
  }

  Peer* find_or_add(const SocketAddress& client) {
    const auto found = std::ranges::find(peers_, client, [](const auto& p) { return p->client; });
    if (found != peers_.end()) return found->get();
    if (peers_.size() >= k_most_peers) return nullptr;
    auto peer = std::make_unique<Peer>();
    peer->port = this;
    peer->client = client;
    peer->inside = connect_to(target_, SOCK_DGRAM);
    if (!peer->inside) return nullptr;
    loop_.add(peer->inside.get(), EPOLLIN, *peer);
    peers_.push_back(std::move(peer));
    if (timer_ == 0) timer_ = loop_.after(k_silence, [this] { forget_silent(); });
    return peers_.back().get();
  }

  void answer(Peer& peer) {
    const auto n = ::recv(peer.inside.get(), g_relay_buffer, sizeof g_relay_buffer, 0);
    if (n == -1) return;  // refused inside: datagrams may get lost
    peer.last_used = std::chrono::steady_clock::now();
    ::sendto(socket_.get(), g_relay_buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&peer.client.storage), peer.client.size);
  }

  void forget_silent() {
    const auto limit = std::chrono::steady_clock::now() - k_silence;
    std::erase_if(peers_, [&](const auto& p) { return p->last_used <= limit; });
    timer_ = peers_.empty() ? 0 : loop_.after(k_silence, [this] { forget_silent(); });
  }

  EventLoop& loop_;
  base::UniqueFd socket_;
  SocketAddress target_;
  EventLoop::TimerId timer_ = 0;
  std::vector<std::unique_ptr<Peer>> peers_;
};

// ---- the whole ----

PortRelay::PortRelay(EventLoop& loop, StartMessage& message) {
  for (std::size_t i = 0; i < message.held_sockets.size(); ++i) {
    const auto& port = message.spec.ports[message.header.held_ports[i]];
    auto socket = std::move(message.held_sockets[i]);
    const auto target = relay_target(message.spec, port.container_port);
    if (target.size == 0)
      only_held_.push_back(std::move(socket));
    else if (port.protocol == "udp")
      udp_.push_back(std::make_unique<UdpPort>(loop, std::move(socket), target));
    else
      tcp_.push_back(std::make_unique<TcpPort>(loop, std::move(socket), target));
  }
  message.held_sockets.clear();
}

PortRelay::~PortRelay() = default;

}  // namespace compose::rt
