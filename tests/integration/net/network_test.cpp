// Networks and sandboxes against the kernel, as root, in network namespaces of our own.
#include <algorithm>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "scratch_host.hpp"

using namespace compose::net;
using namespace compose::net::testing;

namespace {

std::vector<std::string> ids(const std::vector<ScratchHost::Container>& containers) {
  std::vector<std::string> all;
  for (const auto& c : containers) all.push_back(c.id);
  return all;
}

}  // namespace

TEST_CASE("a container reaches the gateway and its neighbours on the bridge") {
  ScratchHost host;
  const auto network = host.network("shop_default");
  CHECK(network.complete);
  const auto one = host.container(1, {"shop_default"});
  const auto two = host.container(2, {"shop_default"});
  const auto on_host = listen_tcp("0.0.0.0", 7001);
  compose::base::UniqueFd in_two;
  inside(two.sandbox.netns.get(), [&] { in_two = listen_tcp("0.0.0.0", 7002); });
  inside(one.sandbox.netns.get(), [&] {
    CHECK(connect_tcp(one.leases[0].ipv4_gateway, 7001) == 0);
    CHECK(connect_tcp(two.leases[0].ipv4, 7002) == 0);
    CHECK(connect_tcp(two.leases[0].ipv4, 7003) == ECONNREFUSED);
    CHECK(link_names() == std::vector<std::string>{"eth0"});
    CHECK(read_setting("/proc/sys/net/ipv6/conf/eth0/disable_ipv6") == "1");
  });
}

TEST_CASE("after removal the host has the links that it had before") {
  ScratchHost host;
  const auto before = link_names();
  host.network("shop_default");
  std::vector<ScratchHost::Container> containers;
  for (int i = 0; i < 4; ++i) containers.push_back(host.container(i, {"shop_default"}));
  CHECK(link_names().size() == before.size() + 5);
  CHECK_THROWS_WITH(host.manager().remove("shop_default"),
                    "network 'shop_default' is in use by container 1000000000aa");
  host.manager().retire_sandboxes(ids(containers));
  host.manager().settle();
  CHECK(link_names().size() == before.size() + 1);
  host.manager().release(ids(containers));
  CHECK(host.manager().remove("shop_default"));
  CHECK_FALSE(host.manager().remove("shop_default"));
  CHECK(link_names() == before);
}

TEST_CASE("networks and the links of their containers go in one conversation") {
  ScratchHost host;
  const auto before = link_names();
  host.network("a");
  host.network("b");
  std::vector<ScratchHost::Container> containers;
  for (int i = 0; i < 3; ++i) containers.push_back(host.container(i, {"a", "b"}));
  host.manager().remove_all(std::array{std::string{"a"}, std::string{"b"}}, ids(containers));
  CHECK(link_names() == before);
  CHECK(host.manager().list().empty());
  CHECK(host.manager().leases_of(containers[0].id).empty());
}
