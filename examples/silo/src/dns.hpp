#pragma once
// The two questions a silo asks: which addresses has this name, and which name has this address. A static
// program in an image FROM scratch has no resolver library, so it speaks to the container's name server
// (127.0.0.11) itself: RFC 1035.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace silo {

using Address = std::uint32_t;  // IPv4, network byte order

// Every address of `name`; empty where the name does not exist or nobody answers within `timeout_ms`.
std::vector<Address> resolve(const std::string& name, int timeout_ms);

// The name that belongs to `address`, without its domain.
std::optional<std::string> name_of(Address address, int timeout_ms);

std::string to_text(Address address);

}  // namespace silo
