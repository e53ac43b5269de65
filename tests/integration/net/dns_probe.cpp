#include "dns_probe.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "tests/support/dns_packets.hpp"

namespace compose::net::testing {

namespace {

using dns::testing::describe;
using dns::testing::Packet;

Packet question(std::string name, unsigned type) {
  if (name.ends_with('.')) name.pop_back();
  return dns::testing::query(name, type);
}

base::UniqueFd connected(int type) {
  base::UniqueFd socket = base::sys::make_socket(AF_INET, type, 0);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(53);
  ::inet_pton(AF_INET, "127.0.0.11", &server.sin_addr);
  base::check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server),
              "connect to the resolver");
  return socket;
}

Packet receive(int socket) {
  pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, 5000) <= 0) return {};
  Packet answer(65536);
  const auto n = ::recv(socket, answer.data(), answer.size(), 0);
  answer.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return answer;
}

}  // namespace

std::string ask_udp(const std::string& name, unsigned type) {
  const auto socket = connected(SOCK_DGRAM);
  const Packet query = question(name, type);
  base::check(::send(socket.get(), query.data(), query.size(), 0), "ask");
  const Packet answer = receive(socket.get());
  return answer.empty() ? "timeout" : describe(answer);
}

std::string ask_tcp(const std::string& name, unsigned type) {
  const auto socket = connected(SOCK_STREAM);
  Packet query = question(name, type);
  const std::size_t size = query.size();
  query.insert(query.begin(), {static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)});
  base::check(::send(socket.get(), query.data(), query.size(), 0), "ask");
  Packet answer;
  while (answer.size() < 2 || answer.size() < 2 + answer[0] * 256U + answer[1]) {
    const Packet more = receive(socket.get());
    if (more.empty()) return "timeout";
    answer.insert(answer.end(), more.begin(), more.end());
  }
  answer.erase(answer.begin(), answer.begin() + 2);
  return describe(answer);
}

}  // namespace compose::net::testing
