#include "net/ruleset.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"

using namespace compose::net;

namespace {

const FirewallNetwork k_front{
    .bridge = "cmp-front", .subnets = {"172.17.0.0/16", "fd00::/64"}, .masquerade6 = true};
const FirewallNetwork k_back{.bridge = "cmp-back", .subnets = {"172.18.0.0/16"}, .internal = true};

}  // namespace

TEST_CASE("the whole packet filter is this document") {
  const FirewallChange change{
      .with_base = true,
      .add_networks = {k_front, k_back},
      .add_ports = {{{"tcp", "0.0.0.0", 8080, 80}, "172.17.0.2"}, {{"udp", "::", 53, 53}, "fd00::2"}}};
  const compose::base::HostPath golden{std::string{TEST_SOURCE_DIR} + "/golden/net/whole.nft"};
  CHECK(nft_document("compose", change) == compose::base::read_file(golden));
}

TEST_CASE("a network is a handful of elements") {
  CHECK(nft_document("compose", {.add_networks = {k_back}}) ==
        "add element inet compose bridges { \"cmp-back\" }\n"
        "add element inet compose same_bridge { \"cmp-back\" . \"cmp-back\" }\n"
        "add element inet compose hairpin4 { 172.18.0.0/16 . \"cmp-back\" }\n"
        "add element inet compose internal_bridges { \"cmp-back\" }\n");
}

TEST_CASE("ports of one address and of all addresses are in maps of their own") {
  const FirewallChange change{.add_ports = {{{"tcp", "127.0.0.1", 8080, 80}, "172.17.0.2"},
                                            {{"udp", "0.0.0.0", 53, 5353}, "172.17.0.2"},
                                            {{"tcp", "fd00::1", 443, 8443}, "fd00::2"},
                                            {{"tcp", "::", 443, 8443}, "fd00::2"}}};
  CHECK(nft_document("t", change) ==
        "add element inet t ports4 { tcp . 127.0.0.1 . 8080 : 172.17.0.2 . 80 }\n"
        "add element inet t any4 { udp . 53 : 172.17.0.2 . 5353 }\n"
        "add element inet t ports6 { tcp . fd00::1 . 443 : fd00::2 . 8443 }\n"
        "add element inet t any6 { tcp . 443 : fd00::2 . 8443 }\n");
}

TEST_CASE("what is removed is named without its target, and removed first") {
  const FirewallChange change{.add_networks = {},
                              .remove_networks = {k_front},
                              .add_ports = {{{"tcp", "0.0.0.0", 80, 80}, "172.18.0.2"}},
                              .remove_ports = {{{"tcp", "0.0.0.0", 80, 80}, "172.17.0.2"}}};
  CHECK(nft_document("t", change) ==
        "delete element inet t any4 { tcp . 80 }\n"
        "delete element inet t bridges { \"cmp-front\" }\n"
        "delete element inet t same_bridge { \"cmp-front\" . \"cmp-front\" }\n"
        "delete element inet t hairpin4 { 172.17.0.0/16 . \"cmp-front\" }\n"
        "delete element inet t hairpin6 { fd00::/64 . \"cmp-front\" }\n"
        "delete element inet t masquerade4 { \"cmp-front\" }\n"
        "delete element inet t masquerade6 { \"cmp-front\" }\n"
        "add element inet t any4 { tcp . 80 : 172.18.0.2 . 80 }\n");
  CHECK(nft_delete_table_document("t") == "add table inet t\ndelete table inet t\n");
}
