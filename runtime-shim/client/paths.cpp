#include "runtime-shim/client/paths.hpp"

#include <cstdint>

namespace compose::rt {

std::string RuntimePaths::cgroup_root() const {
  if (run_root == RuntimePaths{}.run_root) return "compose";
  std::uint32_t hash = 2166136261U;  // FNV-1a
  for (const char c : run_root.str()) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  std::string digits;
  for (int shift = 28; shift >= 0; shift -= 4)
    digits += "0123456789abcdef"[hash >> static_cast<unsigned>(shift) & 0xFU];
  return "compose-" + digits;
}

}  // namespace compose::rt
