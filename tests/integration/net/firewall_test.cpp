// The packet filter, its questions and its repair, against the kernel.
#include "net/firewall.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <sstream>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/spawn.hpp"
#include "base/sys.hpp"
#include "net/bridge.hpp"
#include "net/dns/dns_sockets.hpp"
#include "net/firewall_rules.hpp"
#include "net/link_names.hpp"
#include "net/netlink/conntrack.hpp"
#include "net/netlink/link.hpp"
#include "net/netlink/nftables.hpp"
#include "net/port_publisher.hpp"
#include "scratch_host.hpp"

using namespace compose::net;
using namespace compose::net::testing;

namespace {

// What nft(8) says, in the current network namespace.
std::string run_nft(std::vector<std::string> words) {
  const compose::base::TemporaryDirectory directory;
  const compose::base::HostPath output = directory.path() / "output";
  const auto file = compose::base::sys::open(output, O_WRONLY | O_CREAT, 0600);
  compose::base::SpawnOptions options{.program = compose::base::HostPath{"/usr/sbin/nft"}};
  if (!compose::base::sys::exists(options.program)) options.program = compose::base::HostPath{"/bin/nft"};
  options.argv = std::move(words);
  options.argv.insert(options.argv.begin(), "nft");
  options.fds = {{file.get(), 1}, {2, 2}};
  CHECK(compose::base::spawn(options).wait().success());
  return compose::base::read_file(output);
}

// The expressions that the kernel has, one a line.
std::vector<std::string> expressions_of(const std::string& listing) {
  std::vector<std::string> out;
  std::istringstream lines{listing};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("  [ ")) out.push_back(line);
  return out;
}

}  // namespace

TEST_CASE("the whole packet filter is what its document says in nft's own language") {
  ScratchHost host;
  const FirewallChange whole{
      .with_base = true,
      .add_networks = {{.bridge = "cmp-front",
                        .subnets = {"172.17.0.0/16", "fd00::/64"},
                        .masquerade6 = true},
                       {.bridge = "cmp-back", .subnets = {"172.18.0.0/16"}, .internal = true}},
      .add_ports = {{{"tcp", "0.0.0.0", 8080, 80}, "172.17.0.2"},
                    {{"udp", "::", 53, 53}, "fd00::2"},
                    {{"tcp", "127.0.0.1", 8081, 80}, "172.17.0.2"},
                    {{"udp", "fd00::1", 54, 53}, "fd00::2"}}};
  Firewall firewall{"compose"};
  firewall.apply(whole);
  const std::string ours = run_nft({"list", "table", "inet", "compose"});
  const auto our_expressions =
      expressions_of(run_nft({"--debug=netlink", "list", "table", "inet", "compose"}));
  firewall.delete_table();
  run_nft({"-f", std::string{TEST_SOURCE_DIR} + "/golden/net/whole.nft"});
  CHECK(firewall.has_base());
  CHECK(ours == run_nft({"list", "table", "inet", "compose"}));
  // What is listed leaves out what nft adds by itself.
  CHECK(our_expressions == expressions_of(run_nft({"--debug=netlink", "list", "table", "inet", "compose"})));
  CHECK(our_expressions.size() > 100);
}

TEST_CASE("what is asked of the kernel is what was put there") {
  ScratchHost host;
  Firewall firewall{"t"};
  CHECK_FALSE(firewall.has_base());
  firewall.apply({.with_base = true, .add_networks = {{.bridge = "br0", .subnets = {"10.0.0.0/24"}}}});
  CHECK(firewall.has_base());
  CHECK(firewall.has_network("br0"));
  CHECK_FALSE(firewall.has_network("br1"));
  firewall.apply({.add_networks = {{.bridge = "br1", .subnets = {"10.0.1.0/24"}}}});
  CHECK(firewall.has_network("br1"));
  firewall.apply({.with_base = true});  // again: nothing is doubled, nothing is lost
  CHECK(firewall.has_network("br1"));
  firewall.delete_table();
  CHECK_FALSE(firewall.has_base());
  firewall.delete_table();
}

TEST_CASE("a refused transaction says why, and changes nothing") {
  ScratchHost host;
  Firewall firewall{"t"};
  firewall.apply({.with_base = true});
  const FirewallChange bad{.add_networks = {{.bridge = "br0"}}, .remove_networks = {{.bridge = "missing"}}};
  CHECK_THROWS_WITH(firewall.apply(bad),
                    "change the packet filter: remove from set 'bridges': No such file or directory");
  CHECK_FALSE(firewall.has_network("br0"));
}

TEST_CASE("a transaction of thousands is one") {
  ScratchHost host;
  FirewallChange many{.with_base = true};
  for (std::uint16_t port = 1; port <= 6000; ++port)
    many.add_ports.push_back({{"tcp", "0.0.0.0", port, port}, "172.17.0.2"});
  Firewall firewall{"t"};
  firewall.apply(many);
  many.with_base = false;
  std::swap(many.add_ports, many.remove_ports);
  many.remove_ports.push_back({{"tcp", "0.0.0.0", 6001, 80}, "172.17.0.2"});
  const char* missing = "change the packet filter: remove from set 'any4': No such file or directory";
  CHECK_THROWS_WITH(firewall.apply(many), missing);
  many.remove_ports.pop_back();
  firewall.apply(many);                              // all are still there
  CHECK_THROWS_WITH(firewall.apply(many), missing);  // thousands of refusals
}

TEST_CASE("rules, bridge and names that somebody took away come back with the next create") {
  ScratchHost host;
  const auto network = host.network("front");
  PortPublisher publisher{host.database(), host.run_root()};
  const auto container = host.container(1, {"front"});
  compose::base::UniqueFd server;
  inside(container.sandbox.netns.get(), [&] { server = listen_tcp("0.0.0.0", 80); });
  const auto held = publisher.reserve({.published_first = 8080, .target = 80});
  publisher.publish(std::array{Publication{container.id, container.leases[0].ipv4, "", {held[0].binding}}});

  Firewall{firewall_table(host.run_root())}.delete_table();
  CHECK_FALSE(host.manager().intact(network));
  host.network("front");
  CHECK(host.manager().intact(network));
  CHECK(connect_tcp(k_host_address, 8080) == 0);
  CHECK_FALSE(accept_from(server.get()).empty());

  Firewall{firewall_table(host.run_root())}.delete_table();
  publisher.reassert();
  CHECK(host.manager().intact(network));

  netlink::Socket socket{NETLINK_ROUTE};
  netlink::Batch batch;
  netlink::add_delete_link(batch, network.bridge);
  socket.run(batch);
  host.restart_manager();
  CHECK_FALSE(host.manager().intact(network));
  CHECK(host.network("front").spec.pools == network.spec.pools);
  CHECK(host.manager().intact(network));
}

TEST_CASE("two roots on one host do not see each other") {
  ScratchHost host;
  const auto mine = host.network("front");
  compose::base::TemporaryDirectory other;
  compose::base::Database database{other.path() / "state.db"};
  {
    NetworkManager manager{database, other.path() / "run"};
    const auto theirs = manager.create(
        {.spec = {.name = "front"}, .project = "shop", .key = "front", .labels = {}, .config_hash = {}});
    CHECK(theirs.spec.pools[0].subnet != mine.spec.pools[0].subnet);
    CHECK(host.manager().intact(mine));
    CHECK(manager.intact(theirs));
    CHECK(manager.remove("front"));
  }
  CHECK(host.manager().intact(mine));
}

TEST_CASE("IPv6 where it is asked for, and nowhere else") {
  ScratchHost host;
  const auto six = host.network("six", false, true);
  host.network("four");
  CHECK(read_setting("/proc/sys/net/ipv6/conf/" + six.bridge + "/accept_ra") == "0");
  const auto one = host.container(1, {"six", "four"});
  const auto two = host.container(2, {"six"});
  REQUIRE(one.leases[0].network_name == "six");
  CHECK(one.leases[0].ipv6.starts_with("fd"));
  compose::base::UniqueFd server;
  inside(two.sandbox.netns.get(), [&] { server = listen_tcp("::", 80); });
  inside(one.sandbox.netns.get(), [&] {
    // The kernel joins the neighbour discovery group of a new address from a worker, a moment later.
    int result = ETIMEDOUT;
    for (int i = 0; i < 10 && result == ETIMEDOUT; ++i) result = connect_tcp(two.leases[0].ipv6, 80);
    CHECK(result == 0);
    CHECK(read_setting("/proc/sys/net/ipv6/conf/eth0/accept_ra") == "0");
    CHECK(read_setting("/proc/sys/net/ipv6/conf/eth0/disable_ipv6") == "0");
    CHECK(read_setting("/proc/sys/net/ipv6/conf/eth1/disable_ipv6") == "1");
  });
}

TEST_CASE("a subnet that the host uses is refused, one that is free is taken") {
  ScratchHost host;
  NetworkRequest request{.spec = {.name = "n", .pools = {{.subnet = "198.51.100.0/25"}}},
                         .project = "shop",
                         .key = "n",
                         .labels = {},
                         .config_hash = {}};
  CHECK_THROWS_WITH(
      host.manager().create(request),
      "network 'n': subnet 198.51.100.0/25 overlaps 198.51.100.0/24, which is in use on this host");
  CHECK_FALSE(host.manager().find("n"));
  request.spec.pools = {{.subnet = "10.77.0.0/24", .gateway = "10.77.0.254"}};
  CHECK(host.manager().create(request).spec.pools[0].gateway == "10.77.0.254");
  request.project = "other";
  CHECK_THROWS_WITH(host.manager().create(request),
                    "network 'n' exists already and belongs to project 'shop'");
  request.spec = {.name = "m", .driver = "macvlan"};
  CHECK_THROWS_WITH(host.manager().create(request),
                    "network 'm': driver 'macvlan' is not supported, only 'bridge' is");
}
