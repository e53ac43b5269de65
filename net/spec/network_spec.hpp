#pragma once
// Networks as values: what a bridge network is, and what a container asks of it. No kernel, no compose file.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/id.hpp"
#include "base/record.hpp"

namespace compose::net {

using base::field;

struct NetworkTag {};
using NetworkId = base::Id<NetworkTag>;  // 64 lowercase hex digits

struct AddressPoolSpec {
  // "172.20.0.0/16"; empty: chosen so that no route, link or other network of the host overlaps.
  std::string subnet;
  std::string gateway;   // empty: first address
  std::string ip_range;  // empty: the whole subnet
  static constexpr auto fields() {
    return std::tuple{field("subnet", &AddressPoolSpec::subnet), field("gateway", &AddressPoolSpec::gateway),
                      field("ip_range", &AddressPoolSpec::ip_range)};
  }
  bool operator==(const AddressPoolSpec&) const = default;
};

struct NetworkSpec {
  NetworkId id;
  std::string name;  // "shop_default"
  std::string driver = "bridge";
  bool internal = false;  // no way out: no masquerade, no forwarding of names
  bool enable_ipv4 = true;
  bool enable_ipv6 = false;
  std::vector<AddressPoolSpec> pools;          // IPv4 and IPv6; empty: one IPv4 pool, chosen
  std::map<std::string, std::string> options;  // driver_opts
  static constexpr auto fields() {
    return std::tuple{field("id", &NetworkSpec::id),
                      field("name", &NetworkSpec::name),
                      field("driver", &NetworkSpec::driver),
                      field("internal", &NetworkSpec::internal),
                      field("enable_ipv4", &NetworkSpec::enable_ipv4),
                      field("enable_ipv6", &NetworkSpec::enable_ipv6),
                      field("pools", &NetworkSpec::pools),
                      field("options", &NetworkSpec::options)};
  }
  bool operator==(const NetworkSpec&) const = default;
};

// What a service asks of one network.
struct AttachmentSpec {
  std::string network;  // key in the desired state
  std::vector<std::string> aliases;
  std::string ipv4_address;  // empty: leased from the pool
  std::string ipv6_address;
  std::string mac_address;  // empty: derived from the address
  int priority = 0;         // the highest gets the default route
  static constexpr auto fields() {
    return std::tuple{field("network", &AttachmentSpec::network),
                      field("aliases", &AttachmentSpec::aliases),
                      field("ipv4_address", &AttachmentSpec::ipv4_address),
                      field("ipv6_address", &AttachmentSpec::ipv6_address),
                      field("mac_address", &AttachmentSpec::mac_address),
                      field("priority", &AttachmentSpec::priority)};
  }
  bool operator==(const AttachmentSpec&) const = default;
};

}  // namespace compose::net
