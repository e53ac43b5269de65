#include "net/port_rules.hpp"

namespace compose::net {

std::vector<FirewallPort> fast_path_ports(std::span<const Store::PortRow> rows) {
  std::vector<FirewallPort> ports;
  for (const auto& row : rows) {
    if (row.target.empty() || row.binding.host_address == "::1") continue;
    ports.push_back({.binding = row.binding, .target = row.target});
  }
  return ports;
}

}  // namespace compose::net
