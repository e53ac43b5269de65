#pragma once
// Published ports as values: what is asked for, and what was got. Addresses are text; ports are in host byte
// order.
#include <compare>
#include <cstdint>
#include <string>
#include <tuple>

#include "base/record.hpp"

namespace compose::net {

// As the file asks for it. `published_first` 0: any free port; a range: the first free one of it.
struct PortRequest {
  std::string protocol = "tcp";  // tcp, udp
  std::string host_address;      // empty: every address, IPv4 and IPv6
  std::uint16_t published_first = 0;
  std::uint16_t published_last = 0;  // 0: the same as published_first
  std::uint16_t target = 0;
  bool operator==(const PortRequest&) const = default;
};

// One port of one host address, and where it leads in the container. The fields of runtime-shim's
// PublishedPort.
struct PortBinding {
  std::string protocol = "tcp";
  std::string host_address;  // "0.0.0.0", "127.0.0.1", "::"
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  static constexpr auto fields() {
    return std::tuple{base::field("protocol", &PortBinding::protocol),
                      base::field("host_address", &PortBinding::host_address),
                      base::field("host_port", &PortBinding::host_port),
                      base::field("container_port", &PortBinding::container_port)};
  }
  auto operator<=>(const PortBinding&) const = default;
};

}  // namespace compose::net
