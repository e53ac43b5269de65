#include "net/netlink/nft.hpp"

// clang-format off: the kernel's headers give way to this one only when it comes first
#include <netinet/in.h>
// clang-format on

#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <netinet/tcp.h>

namespace compose::net::nft {

namespace {

constexpr std::uint32_t number(int kernels) {
  return static_cast<std::uint32_t>(kernels);
}

Expression compare(int operation, Bytes value) {
  return {"cmp",
          {{NFTA_CMP_SREG, k_first_register},
           {NFTA_CMP_OP, number(operation)},
           {NFTA_CMP_DATA, std::move(value)}}};
}

Expression lookup(std::string_view set) {
  return {"lookup", {{NFTA_LOOKUP_SET, std::string{set}}, {NFTA_LOOKUP_SREG, k_first_register}}};
}

}  // namespace

Expression load_meta(int key, std::uint32_t to) {
  return {"meta", {{NFTA_META_KEY, number(key)}, {NFTA_META_DREG, to}}};
}

Expression load_ct(int key) {
  return {"ct", {{NFTA_CT_KEY, number(key)}, {NFTA_CT_DREG, k_first_register}}};
}

Expression load_payload(int base, std::uint32_t offset, std::uint32_t size, std::uint32_t to) {
  return {"payload",
          {{NFTA_PAYLOAD_DREG, to},
           {NFTA_PAYLOAD_BASE, number(base)},
           {NFTA_PAYLOAD_OFFSET, offset},
           {NFTA_PAYLOAD_LEN, size}}};
}

Expression load_destination_type() {
  return {"fib",
          {{NFTA_FIB_DREG, k_first_register},
           {NFTA_FIB_RESULT, number(NFT_FIB_RESULT_ADDRTYPE)},
           {NFTA_FIB_FLAGS, number(NFTA_FIB_F_DADDR)}}};
}

Expression load_route_mss() {
  return {"rt", {{NFTA_RT_KEY, number(NFT_RT_TCPMSS)}, {NFTA_RT_DREG, k_first_register}}};
}

Expression swap_to_network_order() {
  constexpr std::uint32_t size = 2;
  return {"byteorder",
          {{NFTA_BYTEORDER_SREG, k_first_register},
           {NFTA_BYTEORDER_DREG, k_first_register},
           {NFTA_BYTEORDER_OP, number(NFT_BYTEORDER_HTON)},
           {NFTA_BYTEORDER_LEN, size},
           {NFTA_BYTEORDER_SIZE, size}}};
}

Expression mask(Bytes bits) {
  const auto size = static_cast<std::uint32_t>(bits.size());
  Bytes nothing(bits.size());
  return {"bitwise",
          {{NFTA_BITWISE_SREG, k_first_register},
           {NFTA_BITWISE_DREG, k_first_register},
           {NFTA_BITWISE_LEN, size},
           {NFTA_BITWISE_MASK, std::move(bits)},
           {NFTA_BITWISE_XOR, std::move(nothing)}}};
}

Expression is(Bytes value) {
  return compare(NFT_CMP_EQ, std::move(value));
}

Expression is_not(Bytes value) {
  return compare(NFT_CMP_NEQ, std::move(value));
}

Expression in_set(std::string_view set) {
  return lookup(set);
}

Expression not_in_set(std::string_view set) {
  Expression out = lookup(set);
  out.attributes.push_back({NFTA_LOOKUP_FLAGS, number(NFT_LOOKUP_F_INV)});
  return out;
}

Expression find_in_map(std::string_view map) {
  Expression out = lookup(map);
  out.attributes.push_back({NFTA_LOOKUP_DREG, k_first_register});
  return out;
}

Expression set_tcp_mss() {
  constexpr std::uint32_t offset = 2;  // behind the option's kind and length
  constexpr std::uint32_t size = 2;
  return {"exthdr",
          {{NFTA_EXTHDR_SREG, k_first_register},
           {NFTA_EXTHDR_TYPE, std::uint8_t{TCPOPT_MAXSEG}},
           {NFTA_EXTHDR_OFFSET, offset},
           {NFTA_EXTHDR_LEN, size},
           {NFTA_EXTHDR_OP, number(NFT_EXTHDR_OP_TCPOPT)}}};
}

Expression dnat(int family, std::uint32_t port_register) {
  return {"nat",
          {{NFTA_NAT_TYPE, number(NFT_NAT_DNAT)},
           {NFTA_NAT_FAMILY, number(family)},
           {NFTA_NAT_REG_ADDR_MIN, k_first_register},
           {NFTA_NAT_REG_PROTO_MIN, port_register}}};
}

Expression masquerade() {
  return {"masq", {}};
}

Expression verdict(int code, std::string chain) {
  return {"immediate",
          {{NFTA_IMMEDIATE_DREG, number(NFT_REG_VERDICT)},
           {NFTA_IMMEDIATE_DATA, Verdict{.code = code, .chain = std::move(chain)}}}};
}

}  // namespace compose::net::nft
