#pragma once
// From what the state database holds to what the packet filter is told. Pure but for reading the store.
#include <span>
#include <vector>

#include "net/network_manager.hpp"
#include "net/ruleset.hpp"
#include "net/store.hpp"

namespace compose::net {

// Options of a network (driver_opts), by the names that Docker gave them.
bool option_is_off(const NetworkSpec& spec, const char* key);
inline constexpr const char* k_option_masquerade = "com.docker.network.bridge.enable_ip_masquerade";
inline constexpr const char* k_option_icc = "com.docker.network.bridge.enable_icc";

FirewallNetwork to_firewall(const Network& network);
// Only ports with a way through the packet filter: the others are relayed by the shim.
std::vector<FirewallPort> to_firewall(std::span<const Store::PortRow> rows);
// The table with everything in it, for where it was taken away under running containers.
FirewallChange whole_firewall(const Store& store);

}  // namespace compose::net
