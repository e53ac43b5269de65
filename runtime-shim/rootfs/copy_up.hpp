#pragma once
// Fills an empty volume from the image's content at its mount point, as Docker does: owner, mode, times and
// extended attributes included, nothing followed. Replicas that share a volume wait for each other; what a
// crash leaves half done the next container that mounts the volume finishes.
#include <string>

#include "base/path.hpp"

namespace compose::rt {

// `root`: a descriptor of the container's root. `inside`: a directory inside the volume, resolved with the
// volume as the root; empty: the volume itself. Nothing happens where it has content or the image has no
// directory at `target`.
void copy_up(int root, const base::ContainerPath& target, const base::HostPath& volume,
             const std::string& inside);

}  // namespace compose::rt
