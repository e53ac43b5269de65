#include "runtime-shim/isolation/capabilities.hpp"

#include <array>
#include <cctype>
#include <sys/prctl.h>

#include "base/error.hpp"

namespace compose::rt {
namespace {

constexpr std::array<std::string_view, 41> k_capability_names{"CHOWN",
                                                              "DAC_OVERRIDE",
                                                              "DAC_READ_SEARCH",
                                                              "FOWNER",
                                                              "FSETID",
                                                              "KILL",
                                                              "SETGID",
                                                              "SETUID",
                                                              "SETPCAP",
                                                              "LINUX_IMMUTABLE",
                                                              "NET_BIND_SERVICE",
                                                              "NET_BROADCAST",
                                                              "NET_ADMIN",
                                                              "NET_RAW",
                                                              "IPC_LOCK",
                                                              "IPC_OWNER",
                                                              "SYS_MODULE",
                                                              "SYS_RAWIO",
                                                              "SYS_CHROOT",
                                                              "SYS_PTRACE",
                                                              "SYS_PACCT",
                                                              "SYS_ADMIN",
                                                              "SYS_BOOT",
                                                              "SYS_NICE",
                                                              "SYS_RESOURCE",
                                                              "SYS_TIME",
                                                              "SYS_TTY_CONFIG",
                                                              "MKNOD",
                                                              "LEASE",
                                                              "AUDIT_WRITE",
                                                              "AUDIT_CONTROL",
                                                              "SETFCAP",
                                                              "MAC_OVERRIDE",
                                                              "MAC_ADMIN",
                                                              "SYSLOG",
                                                              "WAKE_ALARM",
                                                              "BLOCK_SUSPEND",
                                                              "AUDIT_READ",
                                                              "PERFMON",
                                                              "BPF",
                                                              "CHECKPOINT_RESTORE"};

}  // namespace

std::optional<int> capability_number(std::string_view name) {
  std::string upper;
  for (const char c : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string_view bare = upper;
  if (bare.starts_with("CAP_")) bare.remove_prefix(4);
  for (std::size_t i = 0; i < k_capability_names.size(); ++i)
    if (k_capability_names[i] == bare) return static_cast<int>(i);
  return std::nullopt;
}

std::string capability_name(int number) {
  const auto index = static_cast<std::size_t>(number);
  if (index >= k_capability_names.size()) return base::text("CAP_{}", number);
  return base::text("CAP_{}", k_capability_names[index]);
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
