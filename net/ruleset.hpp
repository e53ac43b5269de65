#pragma once
// What this room wants of nftables, as values (net/netlink/nft.hpp). Pure. In nft(8)'s words it is what
// tests/golden/net/whole.nft says; a test compares the two in the kernel.
//
// One table of family inet for each run root. Its chains and rules are fixed; everything that comes and goes
// is an element of a set or map, so that neither packets nor transactions get slower with the number of
// containers:
//
// - bridges: the bridges of ours. Isolation: what enters one must be asked for.
// - same_bridge: bridge . bridge. Neighbours are not kept apart.
// - hairpin4, hairpin6: subnet . bridge. Who reaches a published neighbour, or itself, over the host.
// - internal_bridges: those without a way out, not even to ports that neighbours publish.
// - masquerade4, masquerade6: those whose containers leave with the host's address.
// - ports4, ports6: protocol . host address . host port -> container address . port.
// - any4, any6: protocol . host port -> the same, on every local address.
//
// Guards: what a container sends to loopback addresses is dropped, as are its router advertisements; DNAT
// never takes a packet for 127.0.0.0/8 that did not start on this host; no packet of another link reaches a
// container unless it was DNATed or answers one.
#include <cstddef>
#include <string>
#include <vector>

#include "net/netlink/nft.hpp"
#include "net/spec/port_spec.hpp"

namespace compose::net {

struct FirewallNetwork {
  std::string bridge;
  std::vector<std::string> subnets;
  bool internal = false;
  bool masquerade4 = true;
  bool masquerade6 = false;
  bool operator==(const FirewallNetwork&) const = default;
};

struct FirewallPort {
  PortBinding binding;
  std::string target;  // the container's address, of the family of binding.host_address
  bool operator==(const FirewallPort&) const = default;
};

// One transaction.
struct FirewallChange {
  bool with_base = false;  // the table, its sets, chains and rules first
  std::vector<FirewallNetwork> add_networks;
  std::vector<FirewallNetwork> remove_networks;
  std::vector<FirewallPort> add_ports;
  std::vector<FirewallPort> remove_ports;
};

// The table that every change is made in. How many sets and chains it has is the kernel's "use" count of a
// table that nobody has cut down.
[[nodiscard]] const nft::Table& firewall_base();
// Errors: base::Error for what is no address or subnet.
[[nodiscard]] nft::Transaction to_transaction(const std::string& table, const FirewallChange& change);

}  // namespace compose::net
