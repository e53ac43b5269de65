#pragma once
// Address ranges and link addresses as values: what a file or the store says, checked. Pure. Errors say what
// is wrong with the text ("subnet '10.0.0.0/33' is not an address range"); the caller knows of which network.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/spec/ip.hpp"
#include "net/spec/network_spec.hpp"

namespace compose::net {

// A pool as it is used: checked, with every part filled in.
struct Pool {
  Subnet subnet;
  IpAddress gateway;
  Subnet range;  // where addresses are taken from; the subnet itself unless the file says otherwise
  bool operator==(const Pool&) const = default;
};

Pool make_pool(const AddressPoolSpec& spec);
AddressPoolSpec to_spec(const Pool& pool);

// The network's, the gateway's and the broadcast address, which no container may have.
bool is_reserved(const Pool& pool, const IpAddress& address);

// Throws where `address` cannot be given: not an address, outside of the subnet, or reserved.
IpAddress check_static_address(const Pool& pool, const std::string& address);

// "02:42:ac:11:00:02", "02-42-ac-11-00-02" or "0242.ac11.0002"; nullopt: not the address of one interface.
std::optional<std::vector<std::uint8_t>> parse_mac(std::string_view text);
// The first of these forms.
std::string mac_text(std::span<const std::uint8_t> bytes);

}  // namespace compose::net
