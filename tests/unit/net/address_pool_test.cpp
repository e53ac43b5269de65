#include "net/address_pool.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::net;

namespace {

std::vector<Subnet> subnets(std::initializer_list<const char*> texts) {
  std::vector<Subnet> all;
  for (const char* text : texts) all.push_back(*Subnet::parse(text));
  return all;
}

Pool pool(const char* subnet, const char* gateway = "", const char* range = "") {
  return make_pool({.subnet = subnet, .gateway = gateway, .ip_range = range});
}

// Takes `count` addresses in a row.
std::vector<std::string> take(const Pool& from, std::set<std::string>& taken, std::optional<IpAddress>& last,
                              int count) {
  std::vector<std::string> given;
  for (int i = 0; i < count; ++i) {
    const auto a = next_address(from, last, [&](const IpAddress& x) { return taken.contains(x.str()); });
    if (!a) break;
    last = a;
    taken.insert(a->str());
    given.push_back(a->str());
  }
  return given;
}

}  // namespace

TEST_CASE("a new network gets the first default subnet that overlaps nothing") {
  CHECK(choose_subnet({}).str() == "172.17.0.0/16");
  CHECK(choose_subnet(subnets({"172.17.0.0/16", "172.18.5.0/24"})).str() == "172.19.0.0/16");
  CHECK(choose_subnet(subnets({"172.16.0.0/12"})).str() == "192.168.0.0/20");
  CHECK(choose_subnet(subnets({"172.16.0.0/12", "192.168.1.0/24"})).str() == "192.168.16.0/20");
  CHECK(choose_subnet(subnets({"172.16.0.0/12", "192.168.0.0/16"})).str() == "10.192.0.0/20");
}

TEST_CASE("the default route takes nothing, a route to everything private takes all") {
  CHECK(choose_subnet(subnets({"0.0.0.0/0"})).str() == "172.17.0.0/16");
  CHECK_THROWS_WITH(choose_subnet(subnets({"172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8"})),
                    "no free address range is left among 172.16.0.0/12, 192.168.0.0/16 and 10.192.0.0/10; "
                    "give the network a "
                    "subnet of its own (ipam.config.subnet)");
}

TEST_CASE("more than a thousand networks fit") {
  std::vector<Subnet> taken;
  for (int i = 0; i < 1050; ++i) {
    const Subnet next = choose_subnet(taken);
    REQUIRE(std::ranges::none_of(taken, [&](const Subnet& t) { return next.overlaps(t); }));
    taken.push_back(next);
  }
}

TEST_CASE("IPv6 subnets are unique local ones made of the network's id") {
  CHECK(choose_subnet_v6({}, NetworkId{"0123456789abcdef"}).str() == "fd01:2345:6789::/64");
  CHECK(choose_subnet_v6(subnets({"fd01:2345:6789::/64"}), NetworkId{"0123456789abcdef"}).str() ==
        "fd01:2345:6789:1::/64");
}

TEST_CASE(
    "addresses are given from the lowest on, without the network's, the gateway's and the broadcast "
    "address") {
  std::set<std::string> taken;
  std::optional<IpAddress> last;
  CHECK(take(pool("10.0.0.0/29"), taken, last, 9) ==
        std::vector<std::string>{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"});
}

TEST_CASE("a released address waits until the others had their turn") {
  std::set<std::string> taken;
  std::optional<IpAddress> last;
  const Pool p = pool("10.0.0.0/29");
  take(p, taken, last, 3);
  taken.erase("10.0.0.3");
  CHECK(take(p, taken, last, 3) == std::vector<std::string>{"10.0.0.5", "10.0.0.6", "10.0.0.3"});
}

TEST_CASE("an ip_range limits what is given, not what may be asked for") {
  std::set<std::string> taken;
  std::optional<IpAddress> last;
  const Pool p = pool("10.0.0.0/16", "10.0.0.254", "10.0.5.0/30");
  CHECK(take(p, taken, last, 9) == std::vector<std::string>{"10.0.5.0", "10.0.5.1", "10.0.5.2", "10.0.5.3"});
  CHECK(check_static_address(p, "10.0.77.1").str() == "10.0.77.1");
}

TEST_CASE("a MAC address follows from the address") {
  CHECK(mac_of(*IpAddress::parse("172.20.0.3")) == "02:42:ac:14:00:03");
  CHECK(mac_of(*IpAddress::parse("fd00::1:2")) == "02:42:00:01:00:02");
}
