#pragma once
// The container's root as a detached mount: an overlay that is attached nowhere, so that the host never sees
// it. The child attaches it in its own mount namespace; the shim reads /etc/passwd and fills volumes through
// it before that.
#include "base/unique_fd.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

// Makes `upper` and `work` when missing. One layer per fsconfig call where the kernel takes that (6.8), one
// joined option otherwise; where that is too long for fsconfig (256 bytes), mount(2) of links to the layers
// in a mount namespace of a moment. Single-threaded callers only.
base::UniqueFd open_rootfs(const RootfsSpec& rootfs);

}  // namespace compose::rt
