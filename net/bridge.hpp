#pragma once
// The bridge of one network, and what it needs of the host. Errors: SysError; Error where a link of that name
// exists that is not ours.
#include <cstdint>
#include <string>
#include <vector>

#include "net/netlink/batch.hpp"
#include "net/spec/ip.hpp"
#include "net/spec/network_spec.hpp"

namespace compose::net {

struct BridgeSpec {
  std::string name;
  std::uint32_t mtu = 1500;
  std::uint32_t group = 0;
  std::vector<AddressPoolSpec> pools;  // the bridge has each pool's gateway address
  bool enable_ipv6 = false;
};

// Makes the bridge, or what is missing of it.
void ensure_bridge(netlink::Socket& socket, const BridgeSpec& spec);

// Before a network goes. True: the bridge is ours, and is to be removed. Somebody else's, which was there
// already and is not in our group, keeps all but the addresses that ensure_bridge() gave it.
[[nodiscard]] bool leave_bridge(netlink::Socket& socket, const std::string& name, std::uint32_t group);

// The subnets of all addresses, links and routes of the host; what a new network must not overlap.
std::vector<Subnet> taken_subnets(netlink::Socket& socket);

// The smallest MTU of the links that carry a default route; 1500 without one.
std::uint32_t host_mtu(netlink::Socket& socket);

// Lets the host forward, where it does not yet. Never taken back: others may have come to rely on it.
void enable_forwarding(bool ipv6);

// Packets of the host to 127.0.0.0/8 may leave over this bridge (for ports published there).
void allow_loopback_publishing(const std::string& bridge);

}  // namespace compose::net
