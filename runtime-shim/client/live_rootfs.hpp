#pragma once
// The files of a running container as the container sees them, through copies of its mounts that nobody else
// has and that go with the descriptor. Nothing in them can be executed or opened as a device: the container
// made it. Errors where the container does not run.
#include "base/unique_fd.hpp"
#include "runtime-shim/client/paths.hpp"

namespace compose::rt {

// Read-only, without what is mounted on the root. Two overlays with one upper directory would confuse each
// other, so this is a second mount of the same one.
[[nodiscard]] base::UniqueFd open_live_rootfs(const RuntimePaths& paths, const ContainerId& id);

// With volumes and all else that is mounted, and writable where the container can write; without /proc, /sys
// and /dev, where the directories are seen that the image has there.
[[nodiscard]] base::UniqueFd open_live_tree(const RuntimePaths& paths, const ContainerId& id);

}  // namespace compose::rt
