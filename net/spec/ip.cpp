#include "net/spec/ip.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <cstring>

namespace compose::net {

namespace {

// Those bits of an address's byte `i` that belong to the host.
unsigned host_bits(int prefix, int i) {
  const int of_network = prefix - 8 * i;
  return of_network <= 0 ? 0xffU : of_network >= 8 ? 0U : 0xffU >> static_cast<unsigned>(of_network);
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated{text};
  IpAddress a;
  a.v6 = text.find(':') != std::string_view::npos;
  if (::inet_pton(a.v6 ? AF_INET6 : AF_INET, terminated.c_str(), a.bytes.data()) != 1) return std::nullopt;
  return a;
}

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress a;
  const std::uint32_t network_order = htonl(host_order);
  std::memcpy(a.bytes.data(), &network_order, sizeof network_order);
  return a;
}

std::string IpAddress::str() const {
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(v6 ? AF_INET6 : AF_INET, bytes.data(), text, sizeof text);
  return text;
}

std::uint32_t IpAddress::v4_value() const noexcept {
  std::uint32_t network_order = 0;
  std::memcpy(&network_order, bytes.data(), sizeof network_order);
  return ntohl(network_order);
}

IpAddress IpAddress::plus(std::uint64_t n) const noexcept {
  IpAddress sum = *this;
  for (int i = (v6 ? 16 : 4) - 1; i >= 0 && n > 0; --i) {
    const std::uint64_t digit = sum.bytes[static_cast<std::size_t>(i)] + (n & 0xffU);
    sum.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(digit);
    n = (n >> 8U) + (digit >> 8U);
  }
  return sum;
}

std::optional<Subnet> Subnet::parse(std::string_view cidr) {
  const auto slash = cidr.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = IpAddress::parse(cidr.substr(0, slash));
  const auto digits = cidr.substr(slash + 1);
  int prefix = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (!address || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  if (prefix < 0 || prefix > address->bits()) return std::nullopt;
  return of(*address, prefix);
}

Subnet Subnet::of(const IpAddress& address, int prefix) {
  Subnet s{address, prefix};
  for (int i = prefix / 8; i < address.bits() / 8; ++i) {
    auto& byte = s.address.bytes[static_cast<std::size_t>(i)];
    byte = static_cast<std::uint8_t>(byte & ~host_bits(prefix, i));
  }
  return s;
}

std::string Subnet::str() const {
  return address.str() + "/" + std::to_string(prefix);
}

bool Subnet::contains(const IpAddress& a) const noexcept {
  if (a.v6 != address.v6) return false;
  const auto whole = static_cast<std::size_t>(prefix / 8);
  if (std::memcmp(a.bytes.data(), address.bytes.data(), whole) != 0) return false;
  return prefix % 8 == 0 ||
         ((a.bytes[whole] ^ address.bytes[whole]) & ~host_bits(prefix, prefix / 8) & 0xff) == 0;
}

bool Subnet::overlaps(const Subnet& other) const noexcept {
  return prefix <= other.prefix ? contains(other.address) : other.contains(address);
}

IpAddress Subnet::last() const noexcept {
  IpAddress a = address;
  for (int i = prefix / 8; i < a.bits() / 8; ++i) {
    auto& byte = a.bytes[static_cast<std::size_t>(i)];
    byte = static_cast<std::uint8_t>(byte | host_bits(prefix, i));
  }
  return a;
}

}  // namespace compose::net
