#pragma once
// Capability names and masks (capabilities(7)). Bit n of a mask is capability n.
#include <cstdint>
#include <span>
#include <string>

#include "runtime-shim/spec/kernel_words.hpp"

namespace compose::rt {

using CapabilityMask = std::uint64_t;

std::string capability_name(int number);  // "CAP_NET_RAW"

// Error: "capability 'CAP_X' is unknown".
CapabilityMask capability_mask(std::span<const std::string> names);
std::string capability_names(CapabilityMask mask);  // "CAP_CHOWN, CAP_KILL"

// What this process may hand on at all (PR_CAPBSET_READ). Asking for more fails, so that every set is cut to
// it.
CapabilityMask own_bounding_set();

}  // namespace compose::rt
