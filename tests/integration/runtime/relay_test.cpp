// Held ports: what arrives at them is relayed to the container, as long as it lives. The container shares the
// network of the test, so that it has an address without links.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "scratch_world.hpp"

using namespace compose;
using test::ScratchWorld;

namespace {

constexpr std::uint16_t k_inside = 47311;
constexpr const char* k_until_it_listens =
    "for i in $(seq 500); do cat /proc/net/tcp /proc/net/tcp6 | grep -q ':B8CF .*:0000 0A' && exit; sleep "
    "0.02; done; exit 1";

// A socket of the family listening on its loopback address, and that address.
class HeldPort {
 public:
  explicit HeldPort(int family) : socket(base::sys::make_socket(family, SOCK_STREAM, 0)) {
    if (family == AF_INET) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&address_);
      *v4 = {.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
      size_ = sizeof *v4;
    } else {
      auto* v6 = reinterpret_cast<sockaddr_in6*>(&address_);
      v6->sin6_family = AF_INET6;
      v6->sin6_addr = in6addr_loopback;
      size_ = sizeof *v6;
    }
    base::check(::bind(socket.get(), generic(), size_), "bind");
    base::check(::listen(socket.get(), 8), "listen");
    base::check(::getsockname(socket.get(), generic(), &size_), "getsockname");
  }

  [[nodiscard]] std::uint16_t number() const {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address_)->sin_port);  // at the same place in both
  }
  [[nodiscard]] base::UniqueFd connect() {
    auto client = base::sys::make_socket(address_.ss_family, SOCK_STREAM, 0);
    base::check(::connect(client.get(), generic(), size_), "connect");
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return client;
  }

  base::UniqueFd socket;

 private:
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&address_); }
  sockaddr_storage address_{};
  socklen_t size_ = 0;
};

rt::ContainerId start_behind(ScratchWorld& world, HeldPort& port, const std::string& script) {
  auto spec = world.spec({"sh", "-c", script});
  spec.security.network.mode = rt::NamespaceMode::host;
  spec.endpoints = {{.ipv4 = "127.0.0.1"}};
  spec.ports = {{.host_port = port.number(), .container_port = k_inside}};
  rt::StartRequest request;
  request.spec = spec;
  request.held_sockets.push_back({.port_index = 0, .socket = std::move(port.socket)});
  world.started.push_back(spec.id);
  REQUIRE(world.await(world.launcher->start(std::move(request))).error == "");
  return spec.id;
}

// Writes and reads at the same time; the answer up to its end.
std::string converse(int client, std::string_view left) {
  std::string answer;
  std::string buffer(65536, '\0');
  base::check(::fcntl(client, F_SETFL, O_NONBLOCK), "fcntl");
  for (;;) {
    pollfd ready{.fd = client, .events = POLLIN, .revents = 0};
    if (!left.empty()) ready.events |= POLLOUT;
    if (::poll(&ready, 1, 20'000) != 1) return answer + " (nothing more came)";
    if (const auto n = left.empty() ? 0 : ::send(client, left.data(), left.size(), MSG_NOSIGNAL); n > 0) {
      left.remove_prefix(static_cast<std::size_t>(n));
      if (left.empty()) ::shutdown(client, SHUT_WR);
    }
    const auto n = ::recv(client, buffer.data(), buffer.size(), 0);
    if (n > 0) answer.append(buffer, 0, static_cast<std::size_t>(n));
    if (n == 0) return answer;
    if (n == -1 && errno != EAGAIN) return answer + " (" + base::error_text(errno) + ")";
  }
}

}  // namespace

TEST_SUITE("runtime/relay") {
  TEST_CASE("what reaches a held port is relayed, and the end of one direction does not end the other") {
    for (const int family : {AF_INET, AF_INET6}) {
      CAPTURE(family);
      ScratchWorld world;
      HeldPort port{family};
      // Answers only when everything has come.
      const auto id =
          start_behind(world, port, "nc -l -p 47311 -e sh -c 'x=$(cat); echo \"got $x\"'; sleep 100");
      REQUIRE(world.exec(id, {"sh", "-c", k_until_it_listens}).exit_code == 0);
      const auto client = port.connect();
      CHECK(converse(client.get(), "there and back\n") == "got there and back\n");
    }
  }

  TEST_CASE("more than all buffers hold goes through whole") {
    ScratchWorld world;
    HeldPort port{AF_INET};
    const auto id = start_behind(world, port, "nc -l -p 47311 -e cat; sleep 100");
    REQUIRE(world.exec(id, {"sh", "-c", k_until_it_listens}).exit_code == 0);
    std::string sent(8U << 20U, '.');
    for (std::size_t i = 0; i < sent.size(); i += 997) sent[i] = static_cast<char>('a' + i % 26);
    const auto client = port.connect();
    const auto answer = converse(client.get(), sent);
    CHECK(answer.size() == sent.size());
    CHECK((answer == sent));
  }

  TEST_CASE("where nobody listens inside, the connection ends, and the port goes on") {
    ScratchWorld world;
    HeldPort port{AF_INET};
    const auto id = start_behind(world, port, "sleep 100");
    for (int i = 0; i < 3; ++i) {
      const auto client = port.connect();
      char byte = 0;
      const auto n = ::recv(client.get(), &byte, 1, 0);
      CHECK((n == 0 || (n == -1 && errno == ECONNRESET)));
    }
    world.stop(id);
  }
}
