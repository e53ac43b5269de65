// Networks and sandboxes against the kernel, as root, in network namespaces of our own.
#include <algorithm>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "net/netlink/link.hpp"
#include "net/spec/ip.hpp"
#include "scratch_host.hpp"

using namespace compose::net;
using namespace compose::net::testing;

namespace {

std::vector<std::string> ids(const std::vector<ScratchHost::Container>& containers) {
  std::vector<std::string> all;
  for (const auto& c : containers) all.push_back(c.id);
  return all;
}

// One route with several next hops (rtnetlink(7), RTA_MULTIPATH), which is asked before the one that is
// there.
void add_default_routes(netlink::Batch& batch,
                        const std::vector<std::pair<std::uint32_t, std::string>>& hops) {
  std::vector<std::uint8_t> all;
  for (const auto& [link, gateway] : hops) {
    const auto address = IpAddress::parse(gateway)->raw();
    const rtattr attribute{.rta_len = static_cast<unsigned short>(RTA_LENGTH(address.size())),
                           .rta_type = RTA_GATEWAY};
    const rtnexthop hop{.rtnh_len = static_cast<unsigned short>(sizeof(rtnexthop) + attribute.rta_len),
                        .rtnh_flags = 0,
                        .rtnh_hops = 0,
                        .rtnh_ifindex = static_cast<int>(link)};
    const auto append = [&](const void* bytes, std::size_t size) {
      const auto* from = static_cast<const std::uint8_t*>(bytes);
      all.insert(all.end(), from, from + size);
    };
    append(&hop, sizeof hop);
    append(&attribute, sizeof attribute);
    append(address.data(), address.size());
  }
  const rtmsg header{.rtm_family = AF_INET,
                     .rtm_table = RT_TABLE_MAIN,
                     .rtm_protocol = RTPROT_STATIC,
                     .rtm_scope = RT_SCOPE_UNIVERSE,
                     .rtm_type = RTN_UNICAST};
  nl_msg* m =
      batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof header, "add default routes");
  netlink::put_bytes(m, RTA_MULTIPATH, all);
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

TEST_CASE("a network takes the largest packet of the host's way out, where it says nothing itself") {
  ScratchHost host;
  netlink::Socket socket{NETLINK_ROUTE};
  const auto uplink = netlink::find_link(socket, "up0");
  REQUIRE(uplink);
  CHECK(netlink::find_link(socket, uplink->index)->name == "up0");
  CHECK_FALSE(netlink::find_link(socket, 4711U));
  netlink::Batch smaller;
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(uplink->index);
  netlink::put_u32(smaller.add(RTM_NEWLINK, 0, &header, sizeof header, "set the MTU"), IFLA_MTU, 1400);
  socket.run(smaller);
  const auto network = host.network("shop_default");
  const auto one = host.container(1, {"shop_default"});
  CHECK(netlink::find_link(socket, network.bridge)->mtu == 1400);
  inside(one.sandbox.netns.get(), [] {
    netlink::Socket there{NETLINK_ROUTE};
    CHECK(netlink::find_link(there, "eth0")->mtu == 1400);
  });
}

TEST_CASE("a host with several ways out has the smallest of their largest packets") {
  ScratchHost host;
  netlink::Socket socket{NETLINK_ROUTE};
  netlink::Batch links;
  netlink::add_bridge(links, {.name = "up1", .mac = {2, 0, 0, 0, 0, 9}, .mtu = 1300});
  socket.run(links);
  const auto first = netlink::find_link(socket, "up0");
  const auto second = netlink::find_link(socket, "up1");
  netlink::Batch routes;
  netlink::add_link_up(routes, second->index, "up1");
  netlink::add_address(routes, second->index, *IpAddress::parse("198.51.101.2"), 24);
  add_default_routes(routes, {{first->index, "198.51.100.1"}, {second->index, "198.51.101.1"}});
  socket.run(routes);
  CHECK(netlink::find_link(socket, host.network("shop_default").bridge)->mtu == 1300);
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

TEST_CASE("a link that was there before the network is there after it, as it was") {
  ScratchHost host;
  netlink::Socket socket{NETLINK_ROUTE};
  netlink::Batch links;
  netlink::add_bridge(links, {.name = "own0", .mac = {2, 0, 0, 0, 0, 7}});
  socket.run(links);
  const auto own = netlink::find_link(socket, "own0");
  REQUIRE(own);
  netlink::Batch addresses;
  ifaddrmsg header{
      .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_flags = 0, .ifa_scope = 0, .ifa_index = own->index};
  nl_msg* m = addresses.add(RTM_NEWADDR, NLM_F_CREATE, &header, sizeof header, "add somebody's address");
  netlink::put_bytes(m, IFA_LOCAL, IpAddress::parse("10.99.0.1")->raw());
  socket.run(addresses);
  const auto addresses_of_own = [&] {
    std::vector<std::string> out;
    for (const auto& address : netlink::list_addresses(socket))
      if (address.index == own->index && !address.address.v6) out.push_back(address.address.str());
    return out;
  };
  NetworkRequest request{.spec = {.name = "n", .options = {{"com.docker.network.bridge.name", "own0"}}},
                         .project = "shop",
                         .key = "n",
                         .labels = {},
                         .config_hash = {}};
  host.manager().create(request);
  CHECK(addresses_of_own().size() == 2);
  CHECK(host.manager().remove("n"));
  const auto after = netlink::find_link(socket, "own0");
  REQUIRE(after);
  CHECK(after->index == own->index);
  CHECK(addresses_of_own() == std::vector<std::string>{"10.99.0.1"});
}
