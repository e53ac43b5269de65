#pragma once
// nf_tables as values: what a table is made of (sets, chains, rules), and transactions over it. Pure;
// netlink/nftables.hpp carries transactions to the kernel. Terms, numbers and attributes are those of
// linux/netfilter/nf_tables.h; nft(8) shows what was made of them.
//
// A rule is a row of expressions that the kernel carries out until one does not match. Registers are sixteen
// of four bytes; wider values begin at one and go on in the next.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace compose::net::nft {

using Bytes = std::vector<std::uint8_t>;

struct Verdict {
  int code = 0;       // NF_ACCEPT, NF_DROP, NFT_RETURN, NFT_JUMP
  std::string chain;  // of a jump
};

struct Attribute {
  int type = 0;
  // A number goes over the wire in network order, bytes and verdicts as NFTA_DATA_*.
  std::variant<std::uint32_t, std::uint8_t, std::string, Bytes, Verdict> value;
};

struct Expression {
  std::string name;
  std::vector<Attribute> attributes;
};
using Rule = std::vector<Expression>;

// Part of a set's key or of a map's data. `type`: the number that nft(8) knows the type by, so that it can
// show what is there.
struct Field {
  std::uint32_t type = 0;
  std::uint32_t size = 0;  // bytes; in a key, each field takes whole registers
  bool text = false;       // characters, not a number in network order
};

struct Set {
  std::string name;
  std::vector<Field> key;
  std::vector<Field> data = {};  // a map, if there are any
  bool intervals = false;
};

struct Chain {
  std::string name;
  std::string type = {};  // "filter", "nat"; empty: no hook, others jump to it
  int hook = 0;           // NF_INET_PRE_ROUTING, ...
  int priority = 0;
};

struct Table {
  std::vector<Set> sets;
  std::vector<Chain> chains;
  std::vector<std::pair<std::string, Rule>> rules;  // with the chain's name, in order
};

struct Element {
  std::string set;
  Bytes key;
  Bytes key_end = {};  // of an interval: the last key in it
  Bytes data = {};
  bool operator==(const Element&) const = default;
};

// All or nothing. The base first (its rules replace what the chains held), then what goes, then what comes.
struct Transaction {
  std::string table;  // of family inet
  const Table* base = nullptr;
  std::vector<Element> removed;
  std::vector<Element> added;
};

// Expressions. Where a register is not given it is the first: what was loaded last is looked at next.
inline constexpr std::uint32_t k_first_register = 8;   // NFT_REG32_00
inline constexpr std::uint32_t k_second_register = 9;  // the next four bytes
[[nodiscard]] Expression load_meta(int key, std::uint32_t to = k_first_register);
[[nodiscard]] Expression load_ct(int key);
[[nodiscard]] Expression load_payload(int base, std::uint32_t offset, std::uint32_t size,
                                      std::uint32_t to = k_first_register);
[[nodiscard]] Expression load_destination_type();  // RTN_*, of the routing table
[[nodiscard]] Expression load_route_mss();         // two bytes in the host's order
[[nodiscard]] Expression swap_to_network_order();  // two bytes
[[nodiscard]] Expression mask(Bytes bits);
[[nodiscard]] Expression is(Bytes value);
[[nodiscard]] Expression is_not(Bytes value);
[[nodiscard]] Expression in_set(std::string_view set);
[[nodiscard]] Expression not_in_set(std::string_view set);
[[nodiscard]] Expression find_in_map(std::string_view map);  // its data goes to the first register
[[nodiscard]] Expression set_tcp_mss();                      // from the first register
[[nodiscard]] Expression dnat(int family, std::uint32_t port_register);
[[nodiscard]] Expression masquerade();
[[nodiscard]] Expression verdict(int code, std::string chain = {});

}  // namespace compose::net::nft
