#pragma once
// Capability names and masks (capabilities(7)). Bit n of a mask is capability n.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace compose::rt {

using CapabilityMask = std::uint64_t;

// "CAP_NET_RAW" -> 13; any case, prefix optional. nullopt: no such capability.
std::optional<int> capability_number(std::string_view name);
std::string capability_name(int number);  // "CAP_NET_RAW"

// Error: "capability 'CAP_X' is unknown".
CapabilityMask capability_mask(std::span<const std::string> names);
std::string capability_names(CapabilityMask mask);  // "CAP_CHOWN, CAP_KILL"

// What this process may hand on at all (PR_CAPBSET_READ). Asking for more fails, so that every set is cut to
// it.
CapabilityMask own_bounding_set();

}  // namespace compose::rt
