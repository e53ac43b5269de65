#include "socket.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

namespace silo {
namespace {

sockaddr_in endpoint(Address address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = address;
  return result;
}

bool wait_for(const Socket& socket, short events, int timeout_ms) {
  pollfd waiting{.fd = socket.fd(), .events = events, .revents = 0};
  return ::poll(&waiting, 1, timeout_ms) == 1;
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket listen_on(std::uint16_t port) {
  Socket socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const int yes = 1;
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in here = endpoint(INADDR_ANY, port);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0 ||
      ::listen(socket.fd(), SOMAXCONN) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  return socket;
}

Socket accept_from(const Socket& listener) {
  return Socket{::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)};
}

Socket start_connect(Address address, std::uint16_t port) {
  Socket socket{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  const sockaddr_in there = endpoint(address, port);
  const int result = ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&there), sizeof there);
  return result == 0 || errno == EINPROGRESS ? std::move(socket) : Socket{};
}

bool connected(const Socket& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

void send_line(const Socket& socket, const std::string& line) {
  const std::string text = line + '\n';
  // Lines are far shorter than a socket buffer; a peer that has gone shows itself at the next read.
  (void)!::send(socket.fd(), text.data(), text.size(), MSG_NOSIGNAL);
}

bool receive(const Socket& socket, std::string& into) {
  for (;;) {
    char buffer[4096];
    const ssize_t got = ::recv(socket.fd(), buffer, sizeof buffer, 0);
    if (got > 0) {
      into.append(buffer, static_cast<std::size_t>(got));
      continue;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
  }
}

std::optional<std::string> take_line(std::string& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = text.substr(0, end);
  text.erase(0, end + 1);
  return line;
}

std::optional<std::string> ask_line(Address address, std::uint16_t port, const std::string& line,
                                    int timeout_ms) {
  const std::int64_t deadline = now_ms() + timeout_ms;
  const Socket socket = start_connect(address, port);
  if (!socket || !wait_for(socket, POLLOUT, timeout_ms) || !connected(socket)) return std::nullopt;
  send_line(socket, line);
  std::string text;
  for (;;) {
    const std::int64_t left = deadline - now_ms();
    if (left <= 0 || !wait_for(socket, POLLIN, static_cast<int>(left))) return std::nullopt;
    const bool open = receive(socket, text);
    if (auto answer = take_line(text)) return answer;
    if (!open) return std::nullopt;
  }
}

Address own_address() {
  ifaddrs* list = nullptr;
  Address found = htonl(INADDR_LOOPBACK);
  if (::getifaddrs(&list) != 0) return found;
  for (const ifaddrs* i = list; i != nullptr; i = i->ifa_next) {
    if (i->ifa_addr == nullptr || i->ifa_addr->sa_family != AF_INET || (i->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    found = reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr.s_addr;
    break;
  }
  ::freeifaddrs(list);
  return found;
}

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace silo
