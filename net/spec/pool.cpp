#include "net/spec/pool.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace compose::net {

Pool make_pool(const AddressPoolSpec& spec) {
  const auto subnet = Subnet::parse(spec.subnet);
  if (!subnet) base::fail("subnet '{}' is not an address range", spec.subnet);
  if (subnet->address.bits() - subnet->prefix < 2)
    base::fail("subnet '{}' has no room for a gateway and a container", spec.subnet);
  Pool pool{*subnet, subnet->address.plus(1), *subnet};
  if (!spec.gateway.empty()) {
    const auto gateway = IpAddress::parse(spec.gateway);
    if (!gateway || !subnet->contains(*gateway))
      base::fail("gateway '{}' is not an address of subnet {}", spec.gateway, subnet->str());
    pool.gateway = *gateway;
  }
  if (!spec.ip_range.empty()) {
    const auto range = Subnet::parse(spec.ip_range);
    if (!range || range->prefix < subnet->prefix || !subnet->overlaps(*range))
      base::fail("ip_range '{}' is not a part of subnet {}", spec.ip_range, subnet->str());
    pool.range = *range;
  }
  return pool;
}

AddressPoolSpec to_spec(const Pool& pool) {
  return {pool.subnet.str(), pool.gateway.str(),
          pool.range == pool.subnet ? std::string{} : pool.range.str()};
}

bool is_reserved(const Pool& pool, const IpAddress& a) {
  if (a == pool.gateway || a == pool.subnet.address) return true;
  return !a.v6 && pool.subnet.prefix < 31 && a == pool.subnet.last();
}

IpAddress check_static_address(const Pool& pool, const std::string& address) {
  const auto a = IpAddress::parse(address);
  if (!a || a->v6 != pool.subnet.address.v6)
    base::fail("'{}' is not an {} address", address, pool.subnet.address.v6 ? "IPv6" : "IPv4");
  if (!pool.subnet.contains(*a)) base::fail("address {} is outside of subnet {}", address, pool.subnet.str());
  if (*a == pool.gateway) base::fail("address {} is the gateway's", address);
  if (is_reserved(pool, *a)) base::fail("address {} is reserved by subnet {}", address, pool.subnet.str());
  return *a;
}

// The separator of the whole is the first one: two digits and ':' or '-', or four and '.'.
std::optional<std::vector<std::uint8_t>> parse_mac(std::string_view text) {
  constexpr std::size_t k_bytes = 6;
  const bool dotted = text.size() == 14;
  if (!dotted && text.size() != 17) return std::nullopt;
  const char separator = dotted ? '.' : text[2];
  if (!dotted && separator != ':' && separator != '-') return std::nullopt;
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; bytes.size() < k_bytes; at += 2) {
    const bool separated = !bytes.empty() && (!dotted || bytes.size() % 2 == 0);
    if (separated && text[at++] != separator) return std::nullopt;
    const int high = base::hex_digit(text[at]);
    const int low = base::hex_digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  if ((bytes[0] & 1U) != 0) return std::nullopt;  // a multicast address belongs to nobody
  return bytes;
}

std::string mac_text(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const auto byte : bytes) {
    if (!text.empty()) text += ':';
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace compose::net
