#pragma once
// From the rows of published ports to what the packet filter is told. Pure.
#include <span>
#include <vector>

#include "net/ruleset.hpp"
#include "net/store.hpp"

namespace compose::net {

// Only ports with a way through the packet filter: the others are relayed by the shim.
std::vector<FirewallPort> fast_path_ports(std::span<const Store::PortRow> rows);

}  // namespace compose::net
