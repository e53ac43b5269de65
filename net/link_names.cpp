#include "net/link_names.hpp"

#include "base/error.hpp"

namespace compose::net {

namespace {

// FNV-1a; not a secret, only a short name.
std::uint32_t short_hash(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return hash;
}

std::string hex8(std::uint32_t value) {
  std::string digits(8, '0');
  for (std::size_t i = 8; i-- > 0; value >>= 4U) digits[i] = "0123456789abcdef"[value & 15U];
  return digits;
}

}  // namespace

std::string bridge_name(const NetworkId& id) {
  return "cmp-" + id.str().substr(0, 8);
}

std::string veth_name(const std::string& container, int index) {
  if (index < 0 || index >= k_max_interfaces)
    base::fail("container {}: more than {} networks", container.substr(0, 12), k_max_interfaces);
  return "cv" + container.substr(0, 10) + "0123456789abcdefghijklmnopqrstuvwxyz"[index];
}

std::string interface_name(int index) {
  return "eth" + std::to_string(index);
}

std::uint32_t link_group(const base::HostPath& run_root) {
  // The top bits keep it away from the small numbers that people give.
  return 0x40000000U | (short_hash(run_root.str()) >> 2U);
}

std::string firewall_table(const base::HostPath& run_root) {
  if (run_root.str() == k_default_run_root) return "compose";
  return "compose-" + hex8(short_hash(run_root.str()));
}

}  // namespace compose::net
