#pragma once
// Which subnet a new network gets, and which address a container gets of it. Pure: what is in use comes in as
// values. Errors: base::Error in the words a user understands.
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "net/spec/pool.hpp"

namespace compose::net {

// The first default subnet that overlaps nothing in `taken`: a /16 each of 172.17.0.0 - 172.31.0.0, then the
// /20s of 192.168.0.0/16, then the first 1,024 of 10.192.0.0/10; a /20 holds 4,093 containers. IPv6: a /64
// below a ULA /48 made from `network` (RFC 4193).
Subnet choose_subnet(std::span<const Subnet> taken);
Subnet choose_subnet_v6(std::span<const Subnet> taken, const NetworkId& network);

// The lowest free address of the range behind `last_given` (so that an address is not given again at once),
// from the start again at the end. Never the network's, the broadcast's nor the gateway's address. nullopt:
// none is free.
std::optional<IpAddress> next_address(const Pool& pool, const std::optional<IpAddress>& last_given,
                                      const std::function<bool(const IpAddress&)>& is_taken);

// "02:42:ac:14:00:03" for 172.20.0.3: no two on one network, without asking anybody.
std::string mac_of(const IpAddress& address);

}  // namespace compose::net
