#include "runtime-shim/isolation/capabilities.hpp"

#include <sys/prctl.h>

#include "base/error.hpp"

namespace compose::rt {
std::string capability_name(int number) {
  const auto index = static_cast<std::size_t>(number);
  const auto words = capability_words();
  if (index >= words.size()) return base::text("CAP_{}", number);
  return base::text("CAP_{}", words[index]);
}

CapabilityMask capability_mask(std::span<const std::string> names) {
  CapabilityMask mask = 0;
  for (const auto& name : names) {
    const auto number = capability_number(name);
    if (!number) base::fail("capability '{}' is unknown", name);
    mask |= 1ULL << static_cast<unsigned>(*number);
  }
  return mask;
}

std::string capability_names(CapabilityMask mask) {
  std::string out;
  for (int n = 0; n < 64; ++n) {
    if ((mask >> static_cast<unsigned>(n) & 1U) == 0) continue;
    if (!out.empty()) out += ", ";
    out += capability_name(n);
  }
  return out;
}

CapabilityMask own_bounding_set() {
  CapabilityMask mask = 0;
  for (unsigned n = 0; n < 64; ++n) {
    const int held = ::prctl(PR_CAPBSET_READ, n, 0, 0, 0);
    if (held == -1) break;
    if (held == 1) mask |= 1ULL << n;
  }
  return mask;
}

}  // namespace compose::rt
