#include "net/spec/pool.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::net;

namespace {

Pool made_pool(const char* subnet, const char* gateway = "", const char* range = "") {
  return make_pool({.subnet = subnet, .gateway = gateway, .ip_range = range});
}

}  // namespace

TEST_CASE("pools that make no sense are refused by name") {
  CHECK_THROWS_WITH(made_pool("10.0.0.0/33"), "subnet '10.0.0.0/33' is not an address range");
  CHECK_THROWS_WITH(made_pool("10.0.0.0/32"),
                    "subnet '10.0.0.0/32' has no room for a gateway and a container");
  CHECK_THROWS_WITH(made_pool("10.0.0.0/24", "10.0.1.1"),
                    "gateway '10.0.1.1' is not an address of subnet 10.0.0.0/24");
  CHECK_THROWS_WITH(made_pool("10.0.0.0/24", "", "10.0.0.0/16"),
                    "ip_range '10.0.0.0/16' is not a part of subnet 10.0.0.0/24");
}

TEST_CASE("static addresses are checked against the pool") {
  const Pool p = made_pool("10.0.0.0/24");
  CHECK_THROWS_WITH(check_static_address(p, "10.0.1.5"), "address 10.0.1.5 is outside of subnet 10.0.0.0/24");
  CHECK_THROWS_WITH(check_static_address(p, "10.0.0.1"), "address 10.0.0.1 is the gateway's");
  CHECK_THROWS_WITH(check_static_address(p, "10.0.0.255"),
                    "address 10.0.0.255 is reserved by subnet 10.0.0.0/24");
  CHECK_THROWS_WITH(check_static_address(p, "web"), "'web' is not an IPv4 address");
  CHECK_THROWS_WITH(check_static_address(p, "fd00::1"), "'fd00::1' is not an IPv4 address");
}

TEST_CASE("a MAC address is six bytes, and of one interface") {
  for (const char* good :
       {"02:42:ac:14:00:03", "02:42:AC:14:00:03", "02-42-ac-14-00-03", "0242.ac14.0003", "0242.AC14.0003"}) {
    const auto bytes = parse_mac(good);
    REQUIRE(bytes);
    CHECK(mac_text(*bytes) == "02:42:ac:14:00:03");
  }
  for (const char* bad : {"", "02:42:ac:14:00", "02:42:ac:14:00:0g", "01:42:ac:14:00:03", "02.42.ac.14.00.03",
                          "02:42-ac:14:00:03", "02-42-ac-14-00:03", "0242ac140003", "0242:ac14:0003",
                          "0242.ac14:0003", "0242.ac1.40003", "0142.ac14.0003", "02:42:ac:14:00:03:00:00"})
    CHECK_FALSE(parse_mac(bad));
}
