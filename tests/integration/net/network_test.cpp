// Networks and sandboxes against the kernel, as root, in network namespaces of our own.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

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
  CHECK_THROWS_WITH(host.manager().remove("shop_default"), "network 'shop_default' is in use by container 1000000000aa");
  host.manager().tear_down_sandboxes(ids(containers));
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

TEST_CASE("measure" * doctest::skip(std::getenv("MEASURE") == nullptr)) {
  ScratchHost host;
  using Clock = std::chrono::steady_clock;
  const auto ms = [](Clock::duration d) { return std::chrono::duration<double, std::milli>(d).count(); };
  auto t0 = Clock::now();
  host.network("shop_default");
  MESSAGE("create network ms " << ms(Clock::now() - t0));
  t0 = Clock::now();
  host.network("shop_default");
  MESSAGE("create network again ms " << ms(Clock::now() - t0));
  const int n = std::atoi(std::getenv("MEASURE"));
  std::vector<LeaseRequest> requests;
  for (int i = 0; i < n; ++i)
    requests.push_back({std::to_string(1000000000 + i) + std::string(54, 'b'), {{.network = "shop_default"}}});
  t0 = Clock::now();
  const auto leases = host.manager().lease(requests);
  MESSAGE("leases of " << n << " ms " << ms(Clock::now() - t0));
  std::vector<Sandbox> sandboxes;
  std::vector<std::string> all;
  t0 = Clock::now();
  for (int i = 0; i < n; ++i) {
    sandboxes.push_back(host.manager().build_sandbox({.container = requests[static_cast<std::size_t>(i)].container, .leases = leases[static_cast<std::size_t>(i)], .sysctls = {}}));
    all.push_back(requests[static_cast<std::size_t>(i)].container);
  }
  MESSAGE("sandbox each ms " << ms(Clock::now() - t0) / n);
  t0 = Clock::now();
  if (std::getenv("SPLIT")) host.manager().tear_down_sandboxes(all);
  MESSAGE("tear down ms " << ms(Clock::now() - t0));
  t0 = Clock::now();
  host.manager().remove_all(std::array{std::string{"shop_default"}}, all);
  MESSAGE("remove ms " << ms(Clock::now() - t0));
}
