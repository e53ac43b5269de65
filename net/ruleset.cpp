#include "net/ruleset.hpp"

#include "base/json.hpp"
#include "net/ip.hpp"

namespace compose::net {

using base::Json;

namespace {

Json meta(const char* key) { return {{"meta", {{"key", key}}}}; }
Json field(const char* protocol, const char* name) { return {{"payload", {{"protocol", protocol}, {"field", name}}}}; }
Json concat(std::initializer_list<Json> parts) { return {{"concat", Json::array_t(parts)}}; }
Json match(const char* op, Json left, Json right) {
  return {{"match", {{"op", op}, {"left", std::move(left)}, {"right", std::move(right)}}}};
}
Json verdict(const char* what) { return {{what, nullptr}}; }
Json loopback_v4() { return {{"prefix", {{"addr", "127.0.0.0"}, {"len", 8}}}}; }

const char* const k_in = "iifname";
const char* const k_out = "oifname";

class Document {
 public:
  explicit Document(const std::string& table) : table_(table) {}

  void add(const char* kind, Json object) { put("add", kind, std::move(object)); }
  void remove(const char* kind, Json object) { put("delete", kind, std::move(object)); }

  void table() { add("table", {{"name", table_}}); }
  void set(const char* name, Json type) { add("set", {{"table", table_}, {"name", name}, {"type", std::move(type)}}); }
  void map(const char* name, Json type, const char* to) {
    add("map", {{"table", table_}, {"name", name}, {"type", std::move(type)}, {"map", to}});
  }
  void chain(const char* name) { add("chain", {{"table", table_}, {"name", name}}); }
  void hook(const char* name, const char* type, const char* at, int priority) {
    add("chain", {{"table", table_}, {"name", name}, {"type", type}, {"hook", at}, {"prio", priority}, {"policy", "accept"}});
  }
  void flush(const char* chain_name) { put("flush", "chain", {{"table", table_}, {"name", chain_name}}); }
  void rule(const char* chain_name, std::initializer_list<Json> expressions) {
    add("rule", {{"table", table_}, {"chain", chain_name}, {"expr", Json::array_t(expressions)}});
  }
  void element(bool adding, const char* set_name, Json value) {
    Json object = {{"table", table_}, {"name", set_name}, {"elem", Json::array({std::move(value)})}};
    adding ? add("element", std::move(object)) : remove("element", std::move(object));
  }
  [[nodiscard]] std::string text() const { return Json{{"nftables", commands_}}.dump(); }

 private:
  void put(const char* verb, const char* kind, Json object) {
    object["family"] = "inet";
    commands_.push_back({{verb, {{kind, std::move(object)}}}});
  }

  const std::string& table_;
  Json commands_ = Json::array();
};

void sets_and_maps(Document& d) {
  d.set("bridges", "ifname");
  d.set("same_bridge", Json::array({"ifname", "ifname"}));
  d.set("internal_bridges", "ifname");
  d.set("masquerade4", "ifname");
  d.set("masquerade6", "ifname");
  d.map("ports4", Json::array({"inet_proto", "ipv4_addr", "inet_service"}), "ipv4_addr . inet_service");
  d.map("ports6", Json::array({"inet_proto", "ipv6_addr", "inet_service"}), "ipv6_addr . inet_service");
  d.map("any4", Json::array({"inet_proto", "inet_service"}), "ipv4_addr . inet_service");
  d.map("any6", Json::array({"inet_proto", "inet_service"}), "ipv6_addr . inet_service");
}

// All chains first, emptied, so that the document also replaces a table that somebody changed.
void chains(Document& d) {
  d.hook("raw_prerouting", "filter", "prerouting", -300);
  d.chain("ports");
  d.hook("prerouting", "nat", "prerouting", -100);
  d.hook("output", "nat", "output", -100);
  d.hook("postrouting", "nat", "postrouting", 100);
  d.hook("forward", "filter", "forward", 0);
  for (const char* name : {"raw_prerouting", "ports", "prerouting", "output", "postrouting", "forward"}) d.flush(name);
}

Json dnat(const char* family, Json key, const char* map_name) {
  return {{"dnat", {{"family", family}, {"addr", {{"map", {{"key", std::move(key)}, {"data", map_name}}}}}}}};
}

void port_rules(Document& d) {
  const Json local = match("==", {{"fib", {{"result", "type"}, {"flags", Json::array({"daddr"})}}}}, "local");
  const Json port = field("th", "dport");
  const Json protocol = meta("l4proto");
  d.rule("ports", {dnat("ip", concat({protocol, field("ip", "daddr"), port}), "@ports4")});
  d.rule("ports", {dnat("ip6", concat({protocol, field("ip6", "daddr"), port}), "@ports6")});
  d.rule("ports", {local, dnat("ip", concat({protocol, port}), "@any4")});
  d.rule("ports", {local, dnat("ip6", concat({protocol, port}), "@any6")});

  const Json to_ports = {{"jump", {{"target", "ports"}}}};
  const Json has_ports = match("==", protocol, {{"set", Json::array({"tcp", "udp"})}});
  d.rule("prerouting", {match("!=", meta(k_in), "lo"), match("==", field("ip", "daddr"), loopback_v4()), verdict("return")});
  d.rule("prerouting", {has_ports, to_ports});
  // The kernel has no way from ::1 to another link; the shim relays those.
  d.rule("output", {match("==", field("ip6", "daddr"), "::1"), verdict("return")});
  d.rule("output", {has_ports, to_ports});
}

void guard_rules(Document& d) {
  const Json from_container = match("==", meta(k_in), "@bridges");
  d.rule("raw_prerouting", {from_container, match("==", field("ip", "daddr"), loopback_v4()), verdict("drop")});
  d.rule("raw_prerouting", {from_container, match("==", field("icmpv6", "type"), "nd-router-advert"), verdict("drop")});
}

void masquerade_rules(Document& d) {
  const Json leaves = match("!=", meta(k_out), "@bridges");
  d.rule("postrouting", {match("==", meta(k_in), "@masquerade4"), leaves, match("==", meta("nfproto"), "ipv4"), verdict("masquerade")});
  d.rule("postrouting", {match("==", meta(k_in), "@masquerade6"), leaves, match("==", meta("nfproto"), "ipv6"), verdict("masquerade")});
  d.rule("postrouting", {match("in", {{"ct", {{"key", "status"}}}}, "dnat"),
                         match("==", concat({meta(k_in), meta(k_out)}), "@same_bridge"), verdict("masquerade")});
  d.rule("postrouting", {match("==", field("ip", "saddr"), loopback_v4()), match("==", meta(k_out), "@bridges"), verdict("masquerade")});
}

void forward_rules(Document& d) {
  const Json to_container = match("==", meta(k_out), "@bridges");
  const Json syn = match("==", {{"&", Json::array({field("tcp", "flags"), Json::array({"syn", "rst"})})}}, "syn");
  const Json clamp = {{"mangle", {{"key", {{"tcp option", {{"name", "maxseg"}, {"field", "size"}}}}},
                                  {"value", {{"rt", {{"key", "mtu"}}}}}}}};
  d.rule("forward", {match("==", meta(k_in), "@bridges"), syn, clamp});
  d.rule("forward", {to_container, syn, clamp});
  d.rule("forward", {to_container, match("in", {{"ct", {{"key", "state"}}}}, Json::array({"established", "related"})), verdict("accept")});
  d.rule("forward", {match("==", concat({meta(k_in), meta(k_out)}), "@same_bridge"), verdict("accept")});
  d.rule("forward", {to_container, match("in", {{"ct", {{"key", "status"}}}}, "dnat"), verdict("accept")});
  d.rule("forward", {to_container, verdict("drop")});
  d.rule("forward", {match("==", meta(k_in), "@internal_bridges"), verdict("drop")});
}

void network_elements(Document& d, bool adding, const FirewallNetwork& n) {
  d.element(adding, "bridges", n.bridge);
  d.element(adding, "same_bridge", concat({n.bridge, n.bridge}));
  if (n.internal) d.element(adding, "internal_bridges", n.bridge);
  if (n.masquerade4 && !n.internal) d.element(adding, "masquerade4", n.bridge);
  if (n.masquerade6 && !n.internal) d.element(adding, "masquerade6", n.bridge);
}

void port_element(Document& d, bool adding, const FirewallPort& p) {
  const bool v6 = p.binding.host_address.find(':') != std::string::npos;
  const bool any = p.binding.host_address == "0.0.0.0" || p.binding.host_address == "::";
  const Json key = any ? concat({p.binding.protocol, p.binding.host_port})
                       : concat({p.binding.protocol, p.binding.host_address, p.binding.host_port});
  const char* map_name = any ? (v6 ? "any6" : "any4") : (v6 ? "ports6" : "ports4");
  if (adding)
    d.element(true, map_name, Json::array({key, concat({p.target, p.binding.container_port})}));
  else
    d.element(false, map_name, key);
}

}  // namespace

std::string nft_document(const std::string& table, const FirewallChange& change) {
  Document d{table};
  if (change.with_base) {
    d.table();
    sets_and_maps(d);
    chains(d);
    guard_rules(d);
    port_rules(d);
    masquerade_rules(d);
    forward_rules(d);
  }
  for (const auto& p : change.remove_ports) port_element(d, false, p);
  for (const auto& n : change.remove_networks) network_elements(d, false, n);
  for (const auto& n : change.add_networks) network_elements(d, true, n);
  for (const auto& p : change.add_ports) port_element(d, true, p);
  return d.text();
}

std::string nft_delete_table_document(const std::string& table) {
  Document d{table};
  d.table();  // so that deleting what is gone is no error
  d.remove("table", {{"name", table}});
  return d.text();
}

}  // namespace compose::net
