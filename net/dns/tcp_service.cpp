#include "net/dns/tcp_service.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <vector>

namespace compose::net::dns {

using base::UniqueFd;

namespace {

constexpr std::int64_t k_idle = 5000;  // milliseconds
constexpr std::size_t k_most_connections = 256;
constexpr std::size_t k_most_unread = 256U << 10U;  // bytes of answers that the other end has not taken
constexpr int k_accepts_at_once = 16;

}  // namespace

struct TcpService::Connection {
  UniqueFd socket;
  std::vector<std::uint8_t> incoming;
  std::vector<std::uint8_t> outgoing;
  std::int64_t active = 0;  // when something last moved
  std::uint32_t watched = 0;
  bool finished = false;  // the other end has sent its last byte
  bool broken = false;
};

TcpService::TcpService(int epoll, int listener, OnMessage on_message)
    : epoll_(epoll), listener_(listener), on_message_(std::move(on_message)) {}
TcpService::~TcpService() = default;

void TcpService::drop_longest_idle() {
  Handle oldest;
  std::int64_t active = std::numeric_limits<std::int64_t>::max();
  connections_.each([&](Handle handle, Connection& connection) {
    if (connection.active >= active) return;
    active = connection.active;
    oldest = handle;
  });
  connections_.remove(oldest);
}

void TcpService::on_listener(std::int64_t now) {
  for (int i = 0; i < k_accepts_at_once; ++i) {
    UniqueFd socket{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
    if (!socket && (errno == EMFILE || errno == ENFILE) && connections_.size() > 0) {
      drop_longest_idle();
      continue;
    }
    if (!socket) return;
    if (connections_.size() >= k_most_connections) drop_longest_idle();
    auto connection = std::make_unique<Connection>();
    connection->socket = std::move(socket);
    connection->active = now;
    Connection& added = *connection;
    watch(connections_.add(std::move(connection)), added);
  }
}

void TcpService::watch(Handle handle, Connection& connection) {
  const bool full = connection.outgoing.size() > k_most_unread;
  const std::uint32_t wanted = (full || connection.finished ? 0U : static_cast<std::uint32_t>(EPOLLIN)) |
                               (connection.outgoing.empty() ? 0U : static_cast<std::uint32_t>(EPOLLOUT));
  if (wanted == connection.watched) return;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = pack_event(EventKind::connection, handle);
  const int how = connection.watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(epoll_, how, connection.socket.get(), &event) != 0 && errno == EEXIST)
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket.get(), &event);
  connection.watched = wanted;
}

void TcpService::on_event(Handle handle, std::uint32_t events, std::int64_t now) {
  Connection* connection = connections_.find(handle);
  if (!connection) return;
  connection->active = now;
  if ((events & EPOLLERR) != 0) connection->broken = true;
  if (!connection->broken && !flush(*connection)) connection->broken = true;
  if (!connection->broken && (events & (EPOLLIN | EPOLLHUP)) != 0) read(handle, *connection, now);
  // Whoever closes its end gets the answers that are ready, not those still on their way from elsewhere.
  if (connection->broken || (connection->finished && connection->outgoing.empty()))
    return connections_.remove(handle);
  watch(handle, *connection);
}

void TcpService::read(Handle handle, Connection& connection, std::int64_t) {
  std::uint8_t chunk[16384];
  const auto n = ::recv(connection.socket.get(), chunk, sizeof chunk, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n < 0) connection.broken = true;
  if (n == 0) connection.finished = true;
  if (n <= 0) return;
  connection.incoming.insert(connection.incoming.end(), chunk, chunk + n);
  take_messages(handle, connection);
}

void TcpService::take_messages(Handle handle, Connection& connection) {
  // on_message_ may call reply() for this very connection, which touches `outgoing` and `broken` alone.
  auto& bytes = connection.incoming;
  std::size_t at = 0;
  while (!connection.broken && bytes.size() - at >= 2) {
    const std::size_t size = static_cast<std::size_t>((bytes[at] << 8U) | bytes[at + 1]);
    if (size < k_header_size)
      connection.broken = true;  // no message is that short: the stream is out of step
    if (connection.broken || bytes.size() - at < 2 + size) break;
    on_message_(handle, Bytes{bytes}.subspan(at + 2, size));
    at += 2 + size;
  }
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

bool TcpService::flush(Connection& connection) {
  while (!connection.outgoing.empty()) {
    const auto n =
        ::send(connection.socket.get(), connection.outgoing.data(), connection.outgoing.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno == EAGAIN;
    connection.outgoing.erase(connection.outgoing.begin(), connection.outgoing.begin() + n);
  }
  return true;
}

void TcpService::reply(Handle handle, Bytes answer) {
  Connection* connection = connections_.find(handle);
  if (!connection || connection->broken) return;
  auto& out = connection->outgoing;
  out.push_back(static_cast<std::uint8_t>(answer.size() >> 8U));
  out.push_back(static_cast<std::uint8_t>(answer.size()));
  out.insert(out.end(), answer.begin(), answer.end());
  if (!flush(*connection)) connection->broken = true;
  watch(handle, *connection);
}

void TcpService::on_time(std::int64_t now) {
  connections_.each([&](Handle handle, Connection& connection) {
    if (connection.active + k_idle <= now) connections_.remove(handle);
  });
}

std::int64_t TcpService::next_deadline() const noexcept {
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  connections_.each(
      [&](Handle, const Connection& connection) { first = std::min(first, connection.active + k_idle); });
  return first;
}

}  // namespace compose::net::dns
