#include "net/port_owner.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/sys.hpp"

using namespace compose::net;

TEST_CASE("the process that has a port is found by its socket") {
  const auto socket = compose::base::sys::make_socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::uint16_t port = ntohs(address.sin_port);
  CHECK_FALSE(find_port_owner("tcp", "127.0.0.1", port));  // bound, but not listening
  REQUIRE(::listen(socket.get(), 1) == 0);
  const std::string self = "process " + std::to_string(::getpid()) + " (unit_net)";
  CHECK(find_port_owner("tcp", "127.0.0.1", port) == self);
  CHECK(find_port_owner("tcp", "0.0.0.0", port) == self);
  CHECK_FALSE(find_port_owner("tcp", "127.0.0.2", port));
  CHECK_FALSE(find_port_owner("udp", "127.0.0.1", port));
}
