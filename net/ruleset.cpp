#include "net/ruleset.hpp"

#include <algorithm>
// clang-format off: the kernel's headers give way to these only when they come first
#include <net/if.h>
#include <netinet/in.h>
// clang-format on

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#include "base/error.hpp"
#include "net/spec/ip.hpp"

namespace compose::net {

namespace {

using nft::Bytes;
using nft::Element;
using nft::Rule;

// Types as nft(8) numbers them.
constexpr nft::Field k_ipv4{.type = 7, .size = 4};
constexpr nft::Field k_ipv6{.type = 8, .size = 16};
constexpr nft::Field k_protocol{.type = 12, .size = 1};
constexpr nft::Field k_port{.type = 13, .size = 2};
constexpr nft::Field k_link{.type = 41, .size = IFNAMSIZ, .text = true};

std::vector<nft::Set> sets() {
  return {{"bridges", {k_link}},
          {"same_bridge", {k_link, k_link}},
          {"internal_bridges", {k_link}},
          {.name = "hairpin4", .key = {k_ipv4, k_link}, .intervals = true},
          {.name = "hairpin6", .key = {k_ipv6, k_link}, .intervals = true},
          {"masquerade4", {k_link}},
          {"masquerade6", {k_link}},
          {"ports4", {k_protocol, k_ipv4, k_port}, {k_ipv4, k_port}},
          {"ports6", {k_protocol, k_ipv6, k_port}, {k_ipv6, k_port}},
          {"any4", {k_protocol, k_port}, {k_ipv4, k_port}},
          {"any6", {k_protocol, k_port}, {k_ipv6, k_port}}};
}

std::vector<nft::Chain> chains() {
  return {{"guard", "filter", NF_INET_PRE_ROUTING, NF_IP_PRI_RAW},
          {"ports"},
          {"prerouting", "nat", NF_INET_PRE_ROUTING, NF_IP_PRI_NAT_DST},
          {"output", "nat", NF_INET_LOCAL_OUT, NF_IP_PRI_NAT_DST},
          {"postrouting", "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC},
          {"forward", "filter", NF_INET_FORWARD, NF_IP_PRI_FILTER}};
}

// Pieces of rules; a rule is the row of them.
using Piece = Rule;

Rule rule(std::initializer_list<Piece> pieces) {
  Rule out;
  for (const Piece& piece : pieces) out.insert(out.end(), piece.begin(), piece.end());
  return out;
}

template <class T>
Bytes host_order(T value) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
  return {bytes, bytes + sizeof value};
}

Bytes link_name(const std::string& name) {
  Bytes out(IFNAMSIZ);
  std::copy_n(name.begin(), std::min(name.size(), out.size() - 1), out.begin());
  return out;
}

Piece from_link_in(std::string_view set) {
  return {nft::load_meta(NFT_META_IIFNAME), nft::in_set(set)};
}
Piece to_link_in(std::string_view set) {
  return {nft::load_meta(NFT_META_OIFNAME), nft::in_set(set)};
}
Piece to_link_not_in(std::string_view set) {
  return {nft::load_meta(NFT_META_OIFNAME), nft::not_in_set(set)};
}
Piece from_link_other_than(const std::string& name) {
  return {nft::load_meta(NFT_META_IIFNAME), nft::is_not(link_name(name))};
}

Piece family(std::uint8_t value) {
  return {nft::load_meta(NFT_META_NFPROTO), nft::is({value})};
}
Piece transport(std::uint8_t protocol) {
  return {nft::load_meta(NFT_META_L4PROTO), nft::is({protocol})};
}

// Where the addresses are in the header of each family, and where the two ports are.
constexpr std::uint32_t k_source4 = 12;
constexpr std::uint32_t k_destination4 = 16;
constexpr std::uint32_t k_source6 = 8;
constexpr std::uint32_t k_destination6 = 24;
constexpr std::uint32_t k_destination_port = 2;
constexpr std::uint8_t k_loopback_net = 127;  // the first byte of 127.0.0.0/8

Piece loopback_net(std::uint32_t address) {
  return rule({family(NFPROTO_IPV4),
               {nft::load_payload(NFT_PAYLOAD_NETWORK_HEADER, address, 1), nft::is({k_loopback_net})}});
}
Piece to_loopback6() {
  Bytes loopback(16);
  loopback.back() = 1;
  return rule({family(NFPROTO_IPV6),
               {nft::load_payload(NFT_PAYLOAD_NETWORK_HEADER, k_destination6, 16), nft::is(loopback)}});
}
Piece router_advertisement() {
  constexpr std::uint8_t type = 134;
  return rule({family(NFPROTO_IPV6),
               transport(IPPROTO_ICMPV6),
               {nft::load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1), nft::is({type})}});
}

// At least one of these bits of a number that conntrack has.
Piece connection(int key, std::uint32_t bits) {
  return {nft::load_ct(key), nft::mask(host_order(bits)), nft::is_not(host_order(std::uint32_t{0}))};
}
Piece redirected() {
  return connection(NFT_CT_STATUS, IPS_DST_NAT);
}
Piece answers() {
  return connection(NFT_CT_STATE, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED));
}

// To a published port, whose container the map has under protocol, perhaps address, and port.
Rule redirect(std::string_view map, bool v6, bool any_address) {
  constexpr std::uint32_t after = nft::k_second_register;
  const std::uint32_t words = v6 ? 4 : 1;
  Rule out = any_address ? Rule{nft::load_destination_type(), nft::is(host_order(std::uint32_t{RTN_LOCAL}))}
                         : family(v6 ? NFPROTO_IPV6 : NFPROTO_IPV4);
  out.push_back(nft::load_meta(NFT_META_L4PROTO));
  if (!any_address)
    out.push_back(nft::load_payload(NFT_PAYLOAD_NETWORK_HEADER, v6 ? k_destination6 : k_destination4,
                                    words * 4, after));
  out.push_back(nft::load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, k_destination_port, 2,
                                  any_address ? after : after + words));
  out.push_back(nft::find_in_map(map));
  out.push_back(nft::dnat(v6 ? NFPROTO_IPV6 : NFPROTO_IPV4, nft::k_first_register + words));
  return out;
}

// From a container back to the subnet that it is in.
Piece hairpin(std::string_view set, bool v6) {
  const std::uint32_t words = v6 ? 4 : 1;
  return rule({family(v6 ? NFPROTO_IPV6 : NFPROTO_IPV4),
               {nft::load_payload(NFT_PAYLOAD_NETWORK_HEADER, v6 ? k_source6 : k_source4, words * 4),
                nft::load_meta(NFT_META_OIFNAME, nft::k_first_register + words), nft::in_set(set)}});
}

Piece within_one_bridge() {
  constexpr std::uint32_t words = IFNAMSIZ / 4;
  return {nft::load_meta(NFT_META_IIFNAME), nft::load_meta(NFT_META_OIFNAME, nft::k_first_register + words),
          nft::in_set("same_bridge")};
}

// New connections get a segment size that the way out can carry.
Piece fit_segments() {
  constexpr std::uint32_t flags = 13;  // where they are in the header
  constexpr std::uint8_t syn = 0x02;
  constexpr std::uint8_t rst = 0x04;
  return rule({transport(IPPROTO_TCP),
               {nft::load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, flags, 1), nft::mask({syn | rst}),
                nft::is({syn}), nft::load_route_mss(), nft::swap_to_network_order(), nft::set_tcp_mss()}});
}

Piece accept() {
  return {nft::verdict(NF_ACCEPT)};
}
Piece drop() {
  return {nft::verdict(NF_DROP)};
}
Piece leave_chain() {
  return {nft::verdict(NFT_RETURN)};
}
Piece jump(std::string chain) {
  return {nft::verdict(NFT_JUMP, std::move(chain))};
}
Piece masquerade() {
  return {nft::masquerade()};
}

std::vector<std::pair<std::string, Rule>> rules() {
  return {
      {"guard", rule({from_link_in("bridges"), loopback_net(k_destination4), drop()})},
      {"guard", rule({from_link_in("bridges"), router_advertisement(), drop()})},
      {"ports", redirect("ports4", false, false)},
      {"ports", redirect("ports6", true, false)},
      {"ports", redirect("any4", false, true)},
      {"ports", redirect("any6", true, true)},
      {"prerouting", rule({from_link_other_than("lo"), loopback_net(k_destination4), leave_chain()})},
      {"prerouting", rule({transport(IPPROTO_TCP), jump("ports")})},
      {"prerouting", rule({transport(IPPROTO_UDP), jump("ports")})},
      {"output", rule({to_loopback6(), leave_chain()})},
      {"output", rule({transport(IPPROTO_TCP), jump("ports")})},
      {"output", rule({transport(IPPROTO_UDP), jump("ports")})},
      {"postrouting",
       rule({from_link_in("masquerade4"), to_link_not_in("bridges"), family(NFPROTO_IPV4), masquerade()})},
      {"postrouting",
       rule({from_link_in("masquerade6"), to_link_not_in("bridges"), family(NFPROTO_IPV6), masquerade()})},
      {"postrouting", rule({redirected(), hairpin("hairpin4", false), masquerade()})},
      {"postrouting", rule({redirected(), hairpin("hairpin6", true), masquerade()})},
      {"postrouting", rule({loopback_net(k_source4), to_link_in("bridges"), masquerade()})},
      {"forward", rule({from_link_in("bridges"), fit_segments()})},
      {"forward", rule({to_link_in("bridges"), fit_segments()})},
      {"forward", rule({to_link_in("bridges"), answers(), accept()})},
      {"forward", rule({within_one_bridge(), accept()})},
      {"forward", rule({from_link_in("internal_bridges"), drop()})},
      {"forward", rule({to_link_in("bridges"), redirected(), accept()})},
      {"forward", rule({to_link_in("bridges"), drop()})},
  };
}

// Each field of a key takes whole registers.
Bytes key_of(std::initializer_list<Bytes> fields) {
  Bytes out;
  for (const Bytes& field : fields) {
    out.insert(out.end(), field.begin(), field.end());
    out.resize((out.size() + 3) / 4 * 4);
  }
  return out;
}

Bytes raw(const IpAddress& address) {
  return {address.raw().begin(), address.raw().end()};
}
Bytes address(const std::string& text) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed) base::fail("'{}' is not an address", text);
  return raw(*parsed);
}
Bytes protocol(const std::string& name) {
  return {static_cast<std::uint8_t>(name == "udp" ? IPPROTO_UDP : IPPROTO_TCP)};
}
Bytes port(std::uint16_t number) {
  return {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 0xff)};
}

void put_network(std::vector<Element>& out, const FirewallNetwork& n) {
  const Bytes bridge = link_name(n.bridge);
  out.push_back({"bridges", bridge});
  out.push_back({"same_bridge", key_of({bridge, bridge})});
  for (const auto& text : n.subnets) {
    const auto subnet = Subnet::parse(text);
    if (!subnet) base::fail("'{}' is not a subnet", text);
    out.push_back({.set = subnet->address.v6 ? "hairpin6" : "hairpin4",
                   .key = key_of({raw(subnet->address), bridge}),
                   .key_end = key_of({raw(subnet->last()), bridge})});
  }
  if (n.internal) out.push_back({"internal_bridges", bridge});
  if (n.masquerade4 && !n.internal) out.push_back({"masquerade4", bridge});
  if (n.masquerade6 && !n.internal) out.push_back({"masquerade6", bridge});
}

void put_port(std::vector<Element>& out, const FirewallPort& p, bool with_target) {
  const auto& binding = p.binding;
  const bool v6 = binding.host_address.find(':') != std::string::npos;
  const bool any = binding.host_address == "0.0.0.0" || binding.host_address == "::";
  Element element{.set = any ? (v6 ? "any6" : "any4") : (v6 ? "ports6" : "ports4"), .key = {}};
  element.key =
      any ? key_of({protocol(binding.protocol), port(binding.host_port)})
          : key_of({protocol(binding.protocol), address(binding.host_address), port(binding.host_port)});
  if (with_target) element.data = key_of({address(p.target), port(binding.container_port)});
  out.push_back(std::move(element));
}

}  // namespace

const nft::Table& firewall_base() {
  static const nft::Table table{.sets = sets(), .chains = chains(), .rules = rules()};
  return table;
}

nft::Transaction to_transaction(const std::string& table, const FirewallChange& change) {
  nft::Transaction out{
      .table = table, .base = change.with_base ? &firewall_base() : nullptr, .removed = {}, .added = {}};
  for (const auto& p : change.remove_ports) put_port(out.removed, p, false);
  for (const auto& n : change.remove_networks) put_network(out.removed, n);
  for (const auto& n : change.add_networks) put_network(out.added, n);
  for (const auto& p : change.add_ports) put_port(out.added, p, true);
  return out;
}

}  // namespace compose::net
