#pragma once
// What this room wants of nftables, in its own language (nft(8)), which libnftables takes as it takes JSON.
// Not JSON: the version of Debian 12 (1.0.6) cannot declare a map to "address . port" in it. Pure; golden
// tests hold the documents.
//
// One table of family inet for each run root. Its chains and rules are fixed; everything that comes and goes
// is an element of a set or map, so that neither packets nor transactions get slower with the number of
// containers:
//   bridges            the bridges of ours                          (isolation: what enters one must be asked
//   for) same_bridge        bridge . bridge                              (neighbours are not kept apart)
//   hairpin4/6         subnet . bridge                              (who reaches a published neighbour, or
//   itself, over the host) internal_bridges   those without a way out masquerade4/6      those whose
//   containers leave with the host's address ports4/6, any4/6   protocol . host address . host port ->
//   container address . port; any: on every local address
// Guards: what a container sends to loopback addresses is dropped, as are its router advertisements; DNAT
// never takes a packet for 127.0.0.0/8 that did not start on this host; no packet of another link reaches a
// container unless it was DNATed or answers one.
#include <cstddef>
#include <span>
#include <string>
#include <vector>

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

[[nodiscard]] std::string nft_document(const std::string& table, const FirewallChange& change);
[[nodiscard]] std::string nft_delete_table_document(const std::string& table);

// How many chains, sets and maps the table has: the kernel's "use" count of a table that nobody has cut down.
inline constexpr std::size_t k_table_objects = 17;

}  // namespace compose::net
