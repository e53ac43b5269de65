#pragma once
// Links, addresses and routes as rtnetlink requests (rtnetlink(7)). The add_ functions append to a batch; the
// read functions ask at once.
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/netlink/batch.hpp"
#include "net/spec/ip.hpp"

namespace compose::net::netlink {

using Mac = std::array<std::uint8_t, 6>;

struct BridgeRequest {
  std::string name;
  Mac mac{};
  std::uint32_t mtu = 1500;
  std::uint32_t group = 0;
};

// One message makes both ends: `host_name` in the socket's namespace, in the bridge; `inside_name` in
// `netns`, down (the kernel refuses to open a peer that is not paired yet).
struct VethRequest {
  std::string host_name;
  std::string inside_name;
  Mac inside_mac{};
  std::uint32_t mtu = 1500;
  std::uint32_t bridge_index = 0;
  std::uint32_t group = 0;
  int netns = -1;
  bool isolated = false;  // ports of the bridge that may not talk to each other
};

void add_bridge(Batch& batch, const BridgeRequest& request);
void add_veth(Batch& batch, const VethRequest& request);
// Without an automatic link-local address, then up: a port of a bridge needs none.
void add_port_up(Batch& batch, const std::string& name, bool isolated);
// What a container sends may come back to it: with br_netfilter loaded, DNAT to the sender itself happens in
// the bridge.
void add_hairpin(Batch& batch, const std::string& name);  // tolerates that the link is gone
void add_link_up(Batch& batch, std::uint32_t index, const std::string& name);
void add_regroup(Batch& batch, const std::string& name,
                 std::uint32_t group);                        // tolerates that the link is gone
void add_delete_group(Batch& batch, std::uint32_t group);     // tolerates an empty group
void add_delete_link(Batch& batch, const std::string& name);  // tolerates that the link is gone
void add_address(Batch& batch, std::uint32_t index, const IpAddress& address, int prefix);
void add_remove_address(Batch& batch, std::uint32_t index, const IpAddress& address,
                        int prefix);  // tolerates that it is gone
void add_default_route(Batch& batch, std::uint32_t index, const IpAddress& gateway);

struct Link {
  std::uint32_t index = 0;
  std::string name;
  std::string kind;  // "bridge", "veth", ...; empty: none
  std::uint32_t mtu = 0;
  std::uint32_t group = 0;
  std::uint32_t master = 0;
  bool up = false;
  bool operational = false;  // its carrier is known to the bridge that it is a port of
};

// Returns when the kernel has told everybody that the link has a carrier. Until then its bridge drops what it
// sends, and a lost first packet costs a TCP client a second. Newer kernels (6.8) are made to do so by the
// question; with older ones it takes a moment of theirs. Gives up after a tenth of a second: the link then
// works a little later.
void wait_until_operational(Socket& socket, const std::string& name);

std::optional<Link> find_link(Socket& socket, const std::string& name);
std::optional<Link> find_link(Socket& socket, std::uint32_t index);
std::vector<Link> list_links(Socket& socket);

struct HostAddress {
  std::uint32_t index = 0;
  IpAddress address;
  int prefix = 0;
  bool ours = false;  // made by add_address()
};
std::vector<HostAddress> list_addresses(Socket& socket);

struct Route {
  Subnet destination;
  std::uint32_t index = 0;  // of the link; 0: the kernel does not say
  std::uint32_t table = 0;
};
// Unicast, of all tables and both families; one for each next hop.
std::vector<Route> list_routes(Socket& socket);

}  // namespace compose::net::netlink
