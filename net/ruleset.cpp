#include "net/ruleset.hpp"

#include <string_view>

#include "base/text.hpp"

namespace compose::net {

using base::text;

namespace {

// Chains are emptied before they are filled, so that this also replaces what somebody changed. "T" stands for
// the table's name.
constexpr std::string_view k_base = R"(add table inet T
add set inet T bridges { type ifname; }
add set inet T same_bridge { type ifname . ifname; }
add set inet T internal_bridges { type ifname; }
add set inet T hairpin4 { type ipv4_addr . ifname; flags interval; }
add set inet T hairpin6 { type ipv6_addr . ifname; flags interval; }
add set inet T masquerade4 { type ifname; }
add set inet T masquerade6 { type ifname; }
add map inet T ports4 { type inet_proto . ipv4_addr . inet_service : ipv4_addr . inet_service; }
add map inet T ports6 { type inet_proto . ipv6_addr . inet_service : ipv6_addr . inet_service; }
add map inet T any4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
add map inet T any6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
add chain inet T guard { type filter hook prerouting priority -300; policy accept; }
add chain inet T ports
add chain inet T prerouting { type nat hook prerouting priority -100; policy accept; }
add chain inet T output { type nat hook output priority -100; policy accept; }
add chain inet T postrouting { type nat hook postrouting priority 100; policy accept; }
add chain inet T forward { type filter hook forward priority 0; policy accept; }
flush chain inet T guard
flush chain inet T ports
flush chain inet T prerouting
flush chain inet T output
flush chain inet T postrouting
flush chain inet T forward
add rule inet T guard iifname @bridges ip daddr 127.0.0.0/8 drop
add rule inet T guard iifname @bridges icmpv6 type nd-router-advert drop
add rule inet T ports dnat ip to meta l4proto . ip daddr . th dport map @ports4
add rule inet T ports dnat ip6 to meta l4proto . ip6 daddr . th dport map @ports6
add rule inet T ports fib daddr type local dnat ip to meta l4proto . th dport map @any4
add rule inet T ports fib daddr type local dnat ip6 to meta l4proto . th dport map @any6
add rule inet T prerouting iifname != "lo" ip daddr 127.0.0.0/8 return
add rule inet T prerouting meta l4proto { tcp, udp } jump ports
add rule inet T output ip6 daddr ::1 return
add rule inet T output meta l4proto { tcp, udp } jump ports
add rule inet T postrouting iifname @masquerade4 oifname != @bridges meta nfproto ipv4 masquerade
add rule inet T postrouting iifname @masquerade6 oifname != @bridges meta nfproto ipv6 masquerade
add rule inet T postrouting ct status dnat ip saddr . oifname @hairpin4 masquerade
add rule inet T postrouting ct status dnat ip6 saddr . oifname @hairpin6 masquerade
add rule inet T postrouting ip saddr 127.0.0.0/8 oifname @bridges masquerade
add rule inet T forward iifname @bridges tcp flags & (syn|rst) == syn tcp option maxseg size set rt mtu
add rule inet T forward oifname @bridges tcp flags & (syn|rst) == syn tcp option maxseg size set rt mtu
add rule inet T forward oifname @bridges ct state established,related accept
add rule inet T forward iifname . oifname @same_bridge accept
add rule inet T forward oifname @bridges ct status dnat accept
add rule inet T forward oifname @bridges drop
add rule inet T forward iifname @internal_bridges drop
)";

// The base with the table's own name in the place of "T".
std::string base_of(const std::string& table) {
  constexpr std::string_view placeholder = "inet T";
  std::string out;
  std::string_view rest = k_base;
  for (auto at = rest.find(placeholder); at != std::string_view::npos; at = rest.find(placeholder)) {
    out += rest.substr(0, at);
    out += "inet " + table;
    rest.remove_prefix(at + placeholder.size());
  }
  return out.append(rest);
}

class Elements {
 public:
  Elements(std::string& out, const std::string& table, const char* verb)
      : out_(out), table_(table), verb_(verb) {}
  void put(const char* set, const std::string& element) {
    out_ += text("{} element inet {} {} { ", verb_, table_, set) + element + " }\n";
  }

 private:
  std::string& out_;
  const std::string& table_;
  const char* verb_;
};

void put_network(Elements elements, const FirewallNetwork& n) {
  const std::string bridge = '"' + n.bridge + '"';
  elements.put("bridges", bridge);
  elements.put("same_bridge", bridge + " . " + bridge);
  for (const auto& subnet : n.subnets)
    elements.put(subnet.find(':') == std::string::npos ? "hairpin4" : "hairpin6", subnet + " . " + bridge);
  if (n.internal) elements.put("internal_bridges", bridge);
  if (n.masquerade4 && !n.internal) elements.put("masquerade4", bridge);
  if (n.masquerade6 && !n.internal) elements.put("masquerade6", bridge);
}

void put_port(Elements elements, const FirewallPort& p, bool with_target) {
  const auto& binding = p.binding;
  const bool v6 = binding.host_address.find(':') != std::string::npos;
  const bool any = binding.host_address == "0.0.0.0" || binding.host_address == "::";
  std::string element = any ? text("{} . {}", binding.protocol, binding.host_port)
                            : text("{} . {} . {}", binding.protocol, binding.host_address, binding.host_port);
  if (with_target) element += text(" : {} . {}", p.target, binding.container_port);
  elements.put(any ? (v6 ? "any6" : "any4") : (v6 ? "ports6" : "ports4"), element);
}

}  // namespace

std::string nft_document(const std::string& table, const FirewallChange& change) {
  std::string out = change.with_base ? base_of(table) : std::string{};
  for (const auto& p : change.remove_ports) put_port({out, table, "delete"}, p, false);
  for (const auto& n : change.remove_networks) put_network({out, table, "delete"}, n);
  for (const auto& n : change.add_networks) put_network({out, table, "add"}, n);
  for (const auto& p : change.add_ports) put_port({out, table, "add"}, p, true);
  return out;
}

std::string nft_delete_table_document(const std::string& table) {
  // Added first, so that deleting what is gone is no error.
  return text("add table inet {}\ndelete table inet {}\n", table, table);
}

}  // namespace compose::net
