#include "net/address_pool.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

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
    a.bytes[1 + i] = static_cast<std::uint8_t>(base::hex_digit(network.str()[2 * i]) * 16 +
                                               base::hex_digit(network.str()[2 * i + 1]));
  for (std::uint8_t i = 0; i < 255; ++i) {
    a.bytes[7] = i;
    const Subnet candidate = Subnet::of(a, 64);
    if (is_free(candidate, taken)) return candidate;
  }
  base::fail("no free IPv6 address range is left; give the network a subnet of its own (ipam.config.subnet)");
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

std::string mac_of(const IpAddress& address) {
  std::vector<std::uint8_t> mac{0x02, 0x42};
  const auto end = address.bytes.begin() + (address.v6 ? 16 : 4);
  mac.insert(mac.end(), end - 4, end);
  return mac_text(mac);
}

}  // namespace compose::net
