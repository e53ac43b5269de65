#include "net/ruleset.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::net;

namespace {

// Elements as text: "set key", "set key - key_end", "set key : data"; bytes as they are where they are
// letters, else as numbers.
std::string shown(const nft::Bytes& bytes) {
  std::string out;
  for (const auto byte : bytes) {
    const bool letter = byte >= 'a' && byte <= 'z';
    out +=
        (out.empty() ? "" : " ") + (letter ? std::string(1, static_cast<char>(byte)) : std::to_string(byte));
  }
  return out;
}

std::vector<std::string> shown(const std::vector<nft::Element>& elements) {
  std::vector<std::string> out;
  for (const auto& e : elements)
    out.push_back(e.set + " " + shown(e.key) + (e.key_end.empty() ? "" : " - " + shown(e.key_end)) +
                  (e.data.empty() ? "" : " : " + shown(e.data)));
  return out;
}

using Lines = std::vector<std::string>;

const std::string k_back = "b a c k 0 0 0 0 0 0 0 0 0 0 0 0";
const FirewallNetwork k_internal{.bridge = "back", .subnets = {"172.18.0.0/16"}, .internal = true};

}  // namespace

// That the base is what its document says is tested in the kernel (tests/integration/net/firewall_test.cpp).

TEST_CASE("a network is a handful of elements") {
  const auto transaction = to_transaction("t", {.add_networks = {k_internal}});
  CHECK(transaction.table == "t");
  CHECK(transaction.base == nullptr);
  CHECK(transaction.removed.empty());
  CHECK(shown(transaction.added) == Lines{"bridges " + k_back, "same_bridge " + k_back + " " + k_back,
                                          "hairpin4 172 18 0 0 " + k_back + " - 172 18 255 255 " + k_back,
                                          "internal_bridges " + k_back});
}

TEST_CASE("who leaves with the host's address is in a set for each family") {
  const FirewallNetwork both{.bridge = "back", .masquerade6 = true};
  CHECK(shown(to_transaction("t", {.add_networks = {both}}).added).back() == "masquerade6 " + k_back);
  const FirewallNetwork none{.bridge = "back", .masquerade4 = false};
  CHECK(shown(to_transaction("t", {.add_networks = {none}}).added).back().starts_with("same_bridge"));
}

TEST_CASE("ports of one address and of all addresses are in maps of their own") {
  const FirewallChange change{.add_ports = {{{"tcp", "127.0.0.1", 8080, 80}, "172.17.0.2"},
                                            {{"udp", "0.0.0.0", 53, 5353}, "172.17.0.2"},
                                            {{"tcp", "fd00::1", 443, 8443}, "fd00::2"},
                                            {{"tcp", "::", 443, 8443}, "fd00::2"}}};
  const std::string target6 = "253 0 0 0 0 0 0 0 0 0 0 0 0 0 0 2 32 251 0 0";
  CHECK(shown(to_transaction("t", change).added) ==
        Lines{"ports4 6 0 0 0 127 0 0 1 31 144 0 0 : 172 17 0 2 0 80 0 0",
              "any4 17 0 0 0 0 53 0 0 : 172 17 0 2 20 233 0 0",
              "ports6 6 0 0 0 253 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1 187 0 0 : " + target6,
              "any6 6 0 0 0 1 187 0 0 : " + target6});
}

TEST_CASE("what is removed is named without its target, and removed first") {
  const FirewallChange change{.with_base = true,
                              .add_networks = {},
                              .remove_networks = {k_internal},
                              .add_ports = {{{"tcp", "0.0.0.0", 80, 80}, "172.18.0.2"}},
                              .remove_ports = {{{"tcp", "0.0.0.0", 80, 80}, "172.17.0.2"}}};
  const auto transaction = to_transaction("t", change);
  CHECK(transaction.base == &firewall_base());
  const auto removed = shown(transaction.removed);
  REQUIRE(removed.size() == 5);
  CHECK(removed[0] == "any4 6 0 0 0 0 80 0 0");
  CHECK(removed[1] == "bridges " + k_back);
  CHECK(shown(transaction.added) == Lines{"any4 6 0 0 0 0 80 0 0 : 172 18 0 2 0 80 0 0"});
}

TEST_CASE("what is no address is refused before the kernel is asked") {
  CHECK_THROWS_WITH(to_transaction("t", {.add_networks = {{.bridge = "b", .subnets = {"10.0.0.0/33"}}}}),
                    "'10.0.0.0/33' is not a subnet");
  CHECK_THROWS_WITH(to_transaction("t", {.add_ports = {{{"tcp", "0.0.0.0", 80, 80}, "container"}}}),
                    "'container' is not an address");
}

TEST_CASE("every rule is in a chain that the table has, and asks only sets that it has") {
  const auto& base = firewall_base();
  const auto named = [](const auto& all, const std::string& name) {
    return std::ranges::any_of(all, [&](const auto& one) { return one.name == name; });
  };
  for (const auto& [chain, rule] : base.rules) {
    CHECK(named(base.chains, chain));
    for (const auto& expression : rule)
      for (const auto& attribute : expression.attributes) {
        if (const auto* text = std::get_if<std::string>(&attribute.value)) CHECK(named(base.sets, *text));
        if (const auto* verdict = std::get_if<nft::Verdict>(&attribute.value);
            verdict && !verdict->chain.empty())
          CHECK(named(base.chains, verdict->chain));
      }
  }
}
