#include <doctest/doctest.h>

#include "net/dns/upstream.hpp"

using namespace compose::net::dns;

TEST_CASE("servers are read from resolv.conf, three at most") {
  CHECK(parse_resolv_conf("", 53).empty());
  CHECK(parse_resolv_conf("# nameserver 1.1.1.1\nsearch x\nnameserver\nnameserver x\nnameserver1.1.1.1\n", 53)
            .empty());
  const auto servers = parse_resolv_conf(
      "nameserver 1.1.1.1\nnameserver\tfd00::1 # mine\r\nnameserver 2.2.2.2\nnameserver 3.3.3.3\n", 53);
  REQUIRE(servers.size() == 3);
  CHECK(servers[0].address.ss_family == AF_INET);
  CHECK(servers[1].address.ss_family == AF_INET6);
}

TEST_CASE("a server may be in a zone") {
  const auto server = parse_server("fe80::1%lo", 53);
  REQUIRE(server);
  CHECK(reinterpret_cast<const sockaddr_in6&>(server->address).sin6_scope_id == 1);
  CHECK_FALSE(parse_server("resolver.example", 53));
}
