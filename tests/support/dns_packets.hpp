#pragma once
// DNS messages for tests, built byte by byte.
#include <arpa/inet.h>
#include <cstdint>
#include <string>
#include <vector>

#include "net/dns/message.hpp"

namespace compose::net::dns::testing {

using Packet = std::vector<std::uint8_t>;

inline void put16(Packet& p, unsigned value) {
  p.push_back(static_cast<std::uint8_t>(value >> 8U));
  p.push_back(static_cast<std::uint8_t>(value));
}

inline void put_name(Packet& p, const std::string& name) {
  for (std::size_t at = 0; at < name.size();) {
    const auto dot = std::min(name.find('.', at), name.size());
    p.push_back(static_cast<std::uint8_t>(dot - at));
    p.insert(p.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
             name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  p.push_back(0);
}

inline Packet header(unsigned id, unsigned flags, unsigned questions, unsigned answers = 0,
                     unsigned authority = 0, unsigned additional = 0) {
  Packet p;
  for (const unsigned v : {id, flags, questions, answers, authority, additional}) put16(p, v);
  return p;
}

inline Packet query(const std::string& name, unsigned type = k_type_a, unsigned id = 7,
                    unsigned udp_size = 0) {
  Packet p = header(id, 0x0100, 1, 0, 0, udp_size > 0 ? 1 : 0);
  put_name(p, name);
  put16(p, type);
  put16(p, k_class_in);
  if (udp_size > 0) {
    p.push_back(0);
    put16(p, k_type_opt);
    put16(p, udp_size);
    for (int i = 0; i < 3; ++i) put16(p, 0);
  }
  return p;
}

// The answer to `to` with one address, or with none and that code.
inline Packet answer(const Packet& to, const std::vector<std::string>& addresses, unsigned rcode = 0,
                     unsigned flags = 0x8180) {
  Packet p = header(static_cast<unsigned>(to[0] << 8U | to[1]), flags | rcode, 1,
                    static_cast<unsigned>(addresses.size()));
  std::size_t end = 12;
  while (to[end] != 0) end += 1U + to[end];
  p.insert(p.end(), to.begin() + 12, to.begin() + static_cast<std::ptrdiff_t>(end) + 5);
  for (const auto& text : addresses) {
    const auto a = *parse_ipv4(text);
    put16(p, 0xc00c);
    put16(p, k_type_a);
    put16(p, k_class_in);
    put16(p, 0);
    put16(p, 60);
    put16(p, 4);
    p.insert(p.end(), a.begin(), a.end());
  }
  return p;
}

// The addresses of an answer in their order: "10.0.0.1,10.0.0.2"; or "NXDOMAIN", "SERVFAIL", "NODATA", "TC",
// "rcode 5".
inline std::string describe(Bytes p) {
  if (p.size() < 12) return "nothing";
  if (is_truncated(p)) return "TC";
  const auto rcode = static_cast<int>(rcode_of(p));
  if (rcode == 3) return "NXDOMAIN";
  if (rcode == 2) return "SERVFAIL";
  if (rcode != 0) return "rcode " + std::to_string(rcode);
  std::size_t at = 12;
  while (p[at] != 0) at += 1U + p[at];
  at += 5;
  std::string out;
  for (int i = 0; i < p[6] * 256 + p[7]; ++i) {
    const std::size_t size = p[at + 10] * 256U + p[at + 11];
    if (!out.empty()) out += ",";
    const unsigned type = p[at + 2] * 256U + p[at + 3];
    char address[INET6_ADDRSTRLEN];
    if (type == k_type_a || type == k_type_aaaa)
      out += ::inet_ntop(type == k_type_a ? AF_INET : AF_INET6, &p[at + 12], address, sizeof address);
    else
      out += "(" + std::to_string(size) + " bytes)";
    at += 12 + size;
  }
  return out.empty() ? "NODATA" : out;
}

}  // namespace compose::net::dns::testing
