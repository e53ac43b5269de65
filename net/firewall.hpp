#pragma once
// The packet filter of one run root: its table in the network namespace of who asks first. Errors:
// base::SysError that names the set, chain or rule that the kernel refused.
#include <memory>
#include <string>

#include "net/netlink/batch.hpp"
#include "net/ruleset.hpp"

namespace compose::net {

class Firewall {
 public:
  explicit Firewall(std::string table) : table_(std::move(table)) {}

  [[nodiscard]] bool has_base();                              // the table, with all its chains and sets
  [[nodiscard]] bool has_network(const std::string& bridge);  // and this bridge is in it
  void apply(const FirewallChange& change);
  void delete_table();

 private:
  netlink::Socket& socket();

  std::string table_;
  std::unique_ptr<netlink::Socket> socket_;
};

}  // namespace compose::net
