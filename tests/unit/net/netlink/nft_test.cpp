#include "net/netlink/nft.hpp"

// clang-format off: the kernel's headers give way to this one only when it comes first
#include <netinet/in.h>
// clang-format on

#include <algorithm>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <doctest/doctest.h>

using namespace compose::net::nft;

namespace {

template <class T>
const T* attribute(const Expression& expression, int type) {
  const auto found = std::ranges::find(expression.attributes, type, &Attribute::type);
  return found == expression.attributes.end() ? nullptr : std::get_if<T>(&found->value);
}

}  // namespace

TEST_CASE("a lookup asks for what is in a set, for what is not, or for what a map has") {
  CHECK(*attribute<std::string>(in_set("bridges"), NFTA_LOOKUP_SET) == "bridges");
  CHECK(attribute<std::uint32_t>(in_set("bridges"), NFTA_LOOKUP_FLAGS) == nullptr);
  CHECK(*attribute<std::uint32_t>(not_in_set("bridges"), NFTA_LOOKUP_FLAGS) == NFT_LOOKUP_F_INV);
  CHECK(attribute<std::uint32_t>(in_set("any4"), NFTA_LOOKUP_DREG) == nullptr);
  CHECK(*attribute<std::uint32_t>(find_in_map("any4"), NFTA_LOOKUP_DREG) == k_first_register);
}

TEST_CASE("a mask keeps bits and turns none over") {
  const Expression expression = mask({0x06, 0x01});
  CHECK(*attribute<std::uint32_t>(expression, NFTA_BITWISE_LEN) == 2);
  CHECK(*attribute<Bytes>(expression, NFTA_BITWISE_MASK) == Bytes{0x06, 0x01});
  CHECK(*attribute<Bytes>(expression, NFTA_BITWISE_XOR) == Bytes{0, 0});
}

TEST_CASE("comparisons and verdicts say what they were given") {
  CHECK(*attribute<std::uint32_t>(is({1}), NFTA_CMP_OP) == NFT_CMP_EQ);
  CHECK(*attribute<std::uint32_t>(is_not({1}), NFTA_CMP_OP) == NFT_CMP_NEQ);
  const Expression jump = verdict(NFT_JUMP, "ports");
  CHECK(attribute<Verdict>(jump, NFTA_IMMEDIATE_DATA)->code == NFT_JUMP);
  CHECK(attribute<Verdict>(jump, NFTA_IMMEDIATE_DATA)->chain == "ports");
  CHECK(*attribute<std::uint32_t>(dnat(NFPROTO_IPV6, 12), NFTA_NAT_REG_PROTO_MIN) == 12);
}
