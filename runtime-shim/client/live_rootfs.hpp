#pragma once
// The root file system of a running container as the container sees it, without what is mounted on it. Two
// overlays with one upper directory would confuse each other, so this is a second mount of the same one.
#include "base/unique_fd.hpp"
#include "runtime-shim/client/paths.hpp"

namespace compose::rt {

// The directory, of a mount that nobody else has and that goes with the descriptor. Error where the container
// does not run.
[[nodiscard]] base::UniqueFd open_live_rootfs(const RuntimePaths& paths, const ContainerId& id);

}  // namespace compose::rt
