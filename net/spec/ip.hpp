#pragma once
// IP addresses and subnets as values, both families. Bytes are in network order. Parsing is strict:
// "10.0.0.1/33", "1.2.3" or trailing text is nullopt. Pure; used by the address pool, the store and the
// netlink code.
#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace compose::net {

struct IpAddress {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};  // IPv4 uses the first four

  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress v4(std::uint32_t host_order);
  [[nodiscard]] std::string str() const;
  [[nodiscard]] std::uint32_t v4_value() const noexcept;  // host order; IPv4 only
  [[nodiscard]] std::span<const std::uint8_t> raw() const noexcept { return {bytes.data(), v6 ? 16U : 4U}; }
  [[nodiscard]] int bits() const noexcept { return v6 ? 128 : 32; }
  // This address plus `n`, as a number; wraps at the end of the family.
  [[nodiscard]] IpAddress plus(std::uint64_t n) const noexcept;
  auto operator<=>(const IpAddress&) const = default;
};

struct Subnet {
  IpAddress address;  // host bits are zero
  int prefix = 0;

  static std::optional<Subnet> parse(std::string_view cidr);  // host bits are cut off
  static Subnet of(const IpAddress& address, int prefix);
  [[nodiscard]] std::string str() const;
  [[nodiscard]] bool contains(const IpAddress& a) const noexcept;
  [[nodiscard]] bool overlaps(const Subnet& other) const noexcept;
  [[nodiscard]] IpAddress last() const noexcept;
  bool operator==(const Subnet&) const = default;
};

}  // namespace compose::net
