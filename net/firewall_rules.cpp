#include "net/firewall_rules.hpp"

namespace compose::net {

bool option_is_off(const NetworkSpec& spec, const char* key) {
  const auto found = spec.options.find(key);
  return found != spec.options.end() && found->second == "false";
}

FirewallNetwork to_firewall(const Network& network) {
  std::vector<std::string> subnets;
  for (const auto& pool : network.spec.pools) subnets.push_back(pool.subnet);
  return {.bridge = network.bridge,
          .subnets = std::move(subnets),
          .internal = network.spec.internal,
          .masquerade4 = network.spec.enable_ipv4 && !option_is_off(network.spec, k_option_masquerade),
          .masquerade6 = network.spec.enable_ipv6 && !option_is_off(network.spec, k_option_masquerade)};
}

std::vector<FirewallPort> to_firewall(std::span<const Store::PortRow> rows) {
  std::vector<FirewallPort> ports;
  for (const auto& row : rows) {
    // Nothing leads from ::1 to another link; a container without an address of the family has nowhere to
    // lead to.
    if (row.target.empty() || row.binding.host_address == "::1") continue;
    ports.push_back({.binding = row.binding, .target = row.target});
  }
  return ports;
}

FirewallChange whole_firewall(const Store& store) {
  FirewallChange change{.with_base = true};
  for (const auto& network : store.list_networks("")) change.add_networks.push_back(to_firewall(network));
  change.add_ports = to_firewall(store.ports_of(""));
  return change;
}

}  // namespace compose::net
