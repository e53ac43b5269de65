#pragma once
// The files of a container that does not run, as it would see them when it did: its layers with volumes,
// binds, configs and secrets mounted, without /proc, /sys and /dev. A detached mount tree that nobody else
// has and that goes with the descriptor; nothing in it can be executed or opened as a device.
#include <cstdint>

#include "base/unique_fd.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

enum class StillAccess : std::uint8_t {
  read,   // read-only, and what is missing is passed over; others may start the container meanwhile
  write,  // the caller sees to it that nobody does; volumes are filled and sources made as by a start
};

// A tmpfs is empty and read-only: what it had is gone, and what is written there would be. Single-threaded
// callers only. Errors as those of a start.
[[nodiscard]] base::UniqueFd open_still_rootfs(const ContainerSpec& spec, StillAccess access);

}  // namespace compose::rt
