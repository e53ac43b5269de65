#include "net/address_pool.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace compose::net {

namespace {

bool is_free(const Subnet& candidate, std::span<const Subnet> taken) {
  return std::ranges::none_of(taken, [&](const Subnet& t) {
    return t.prefix > 0 && candidate.overlaps(t);  // the default route covers everything and takes nothing
  });
}

std::optional<Subnet> first_free(const Subnet& from, int count, std::span<const Subnet> taken) {
  const std::uint64_t step = 1ULL << static_cast<unsigned>(32 - from.prefix);
  for (int i = 0; i < count; ++i) {
    const Subnet candidate{from.address.plus(step * static_cast<std::uint64_t>(i)), from.prefix};
    if (is_free(candidate, taken)) return candidate;
  }
  return std::nullopt;
}

// Addresses with a meaning of their own that no container may have.
bool is_reserved(const Pool& pool, const IpAddress& a) {
  if (a == pool.gateway || a == pool.subnet.address) return true;
  return !a.v6 && pool.subnet.prefix < 31 && a == pool.subnet.last();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Subnet choose_subnet(std::span<const Subnet> taken) {
  struct Block {
    Subnet first;
    int count;
  };
  const Block blocks[] = {{*Subnet::parse("172.17.0.0/16"), 15},
                          {*Subnet::parse("192.168.0.0/20"), 16},
                          {*Subnet::parse("10.192.0.0/20"), 1024}};
  for (const auto& block : blocks)
    if (const auto subnet = first_free(block.first, block.count, taken)) return *subnet;
  base::fail(
      "no free address range is left among 172.16.0.0/12, 192.168.0.0/16 and 10.192.0.0/10; give the network "
      "a "
      "subnet of its own (ipam.config.subnet)");
}

Subnet choose_subnet_v6(std::span<const Subnet> taken, const NetworkId& network) {
  IpAddress a;
  a.v6 = true;
  a.bytes[0] = 0xfd;
  for (std::size_t i = 0; i < 5 && 2 * i + 1 < network.str().size(); ++i)
    a.bytes[1 + i] =
        static_cast<std::uint8_t>(hex_digit(network.str()[2 * i]) * 16 + hex_digit(network.str()[2 * i + 1]));
  for (std::uint8_t i = 0; i < 255; ++i) {
    a.bytes[7] = i;
    const Subnet candidate = Subnet::of(a, 64);
    if (is_free(candidate, taken)) return candidate;
  }
  base::fail("no free IPv6 address range is left; give the network a subnet of its own (ipam.config.subnet)");
}

Pool make_pool(const AddressPoolSpec& spec, const std::string& network) {
  const auto subnet = Subnet::parse(spec.subnet);
  if (!subnet) base::fail("network '{}': subnet '{}' is not an address range", network, spec.subnet);
  if (subnet->address.bits() - subnet->prefix < 2)
    base::fail("network '{}': subnet '{}' has no room for a gateway and a container", network, spec.subnet);
  Pool pool{*subnet, subnet->address.plus(1), *subnet};
  if (!spec.gateway.empty()) {
    const auto gateway = IpAddress::parse(spec.gateway);
    if (!gateway || !subnet->contains(*gateway))
      base::fail("network '{}': gateway '{}' is not an address of subnet {}", network, spec.gateway,
                 subnet->str());
    pool.gateway = *gateway;
  }
  if (!spec.ip_range.empty()) {
    const auto range = Subnet::parse(spec.ip_range);
    if (!range || range->prefix < subnet->prefix || !subnet->overlaps(*range))
      base::fail("network '{}': ip_range '{}' is not a part of subnet {}", network, spec.ip_range,
                 subnet->str());
    pool.range = *range;
  }
  return pool;
}

AddressPoolSpec to_spec(const Pool& pool) {
  return {pool.subnet.str(), pool.gateway.str(),
          pool.range == pool.subnet ? std::string{} : pool.range.str()};
}

std::optional<IpAddress> next_address(const Pool& pool, const std::optional<IpAddress>& last_given,
                                      const std::function<bool(const IpAddress&)>& is_taken) {
  const IpAddress first = pool.range.address;
  const IpAddress last = pool.range.last();
  const IpAddress start =
      last_given && pool.range.contains(*last_given) && *last_given != last ? last_given->plus(1) : first;
  IpAddress a = start;
  do {
    if (!is_reserved(pool, a) && !is_taken(a)) return a;
    a = a == last ? first : a.plus(1);
  } while (a != start);
  return std::nullopt;
}

IpAddress check_static_address(const Pool& pool, const std::string& address, const std::string& network) {
  const auto a = IpAddress::parse(address);
  if (!a || a->v6 != pool.subnet.address.v6)
    base::fail("network '{}': '{}' is not an {} address", network, address,
               pool.subnet.address.v6 ? "IPv6" : "IPv4");
  if (!pool.subnet.contains(*a))
    base::fail("network '{}': address {} is outside of subnet {}", network, address, pool.subnet.str());
  if (*a == pool.gateway) base::fail("network '{}': address {} is the gateway's", network, address);
  if (is_reserved(pool, *a))
    base::fail("network '{}': address {} is reserved by subnet {}", network, address, pool.subnet.str());
  return *a;
}

std::string mac_of(const IpAddress& address) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string mac = "02:42";
  const std::size_t first = address.v6 ? 12 : 0;
  for (std::size_t i = first; i < first + 4; ++i) {
    mac += ':';
    mac += digits[address.bytes[i] >> 4U];
    mac += digits[address.bytes[i] & 15U];
  }
  return mac;
}

std::optional<std::vector<std::uint8_t>> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0 || (i + 2 < text.size() && text[i + 2] != ':' && text[i + 2] != '-'))
      return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  if ((bytes[0] & 1U) != 0) return std::nullopt;  // a multicast address belongs to nobody
  return bytes;
}

}  // namespace compose::net
