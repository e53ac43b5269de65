#pragma once
// nftables in process. libnftables is loaded when the first change is made and not before: most commands
// change no rule, and loading it costs more than they do. Whether the rules are there is asked over a netlink
// socket, without it. Errors: base::Error with libnftables' own text.
#include <memory>
#include <string>

#include "net/netlink/batch.hpp"
#include "net/ruleset.hpp"

namespace compose::net {

class Firewall {
 public:
  explicit Firewall(std::string table);
  ~Firewall();
  Firewall(const Firewall&) = delete;
  Firewall& operator=(const Firewall&) = delete;

  [[nodiscard]] bool has_base();                              // the table, with all its chains and sets
  [[nodiscard]] bool has_network(const std::string& bridge);  // and this bridge is in it
  void apply(const FirewallChange& change);
  void delete_table();

 private:
  void run(const std::string& document, const std::string& doing);
  netlink::Socket& socket();

  std::string table_;
  std::unique_ptr<netlink::Socket> socket_;
  struct Library;
  std::unique_ptr<Library> library_;
};

}  // namespace compose::net
