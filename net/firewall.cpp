#include "net/firewall.hpp"

#include <linux/netlink.h>

#include "base/fault.hpp"
#include "net/netlink/nftables.hpp"

namespace compose::net {

netlink::Socket& Firewall::socket() {
  if (!socket_) socket_ = std::make_unique<netlink::Socket>(NETLINK_NETFILTER);
  return *socket_;
}

bool Firewall::has_base() {
  const auto& base = firewall_base();
  return netlink::count_table_objects(socket(), table_) == base.sets.size() + base.chains.size();
}

bool Firewall::has_network(const std::string& bridge) {
  return has_base() && netlink::has_link_element(socket(), table_, "bridges", bridge);
}

void Firewall::apply(const FirewallChange& change) {
  base::fault_point("net.firewall.before");
  netlink::carry_out(socket(), to_transaction(table_, change));
  base::fault_point("net.firewall.after");
}

void Firewall::delete_table() {
  base::fault_point("net.firewall.before");
  netlink::delete_table(socket(), table_);
  base::fault_point("net.firewall.after");
}

}  // namespace compose::net
