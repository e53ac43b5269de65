#pragma once
// The system calls that a container may make: Docker's default profile as a compiled-in table, so that no
// library has to know the numbers (Debian's libseccomp misses the newest). Everything not in the table is
// refused.
#include <cstdint>
#include <span>

namespace compose::rt {

enum class SyscallRule : std::uint8_t {
  always,
  with_capability,  // one of `capabilities` is in the bounding set; clone3 without it is ENOSYS, the others
                    // EPERM
  socket_family,    // not AF_ALG and AF_VSOCK
  personality,      // only the harmless personas
  clone_flags,      // no new namespaces without CAP_SYS_ADMIN
};

struct SyscallRow {
  const char* name;
  std::int16_t x86_64;
  std::int16_t i386;
  std::int16_t arm64;
  SyscallRule rule;
  std::uint64_t capabilities;
};

std::span<const SyscallRow> syscall_table();

// The highest number that the profile knows, the same on every architecture; calls above it are ENOSYS,
// because libraries probe for a new call and fall back only on that.
inline constexpr std::uint32_t k_highest_known_syscall = 466;

}  // namespace compose::rt
