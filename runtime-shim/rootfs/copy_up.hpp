#pragma once
// Fills an empty volume from the image's content at its mount point, as Docker does: owner, mode, times and
// extended attributes included, nothing followed. Replicas that share a volume wait for each other; a crash
// leaves the volume empty or full, never half.
#include <string>

#include "base/path.hpp"

namespace compose::rt {

// `root`: a descriptor of the container's root. Nothing happens where the volume has content or the image has
// no directory at `target`.
void copy_up(int root, const base::ContainerPath& target, const base::HostPath& volume);
// A directory inside a volume, resolved with the volume as the root, in place: containers write around it.
void copy_up_inside(int root, const base::ContainerPath& target, const base::HostPath& volume,
                    const std::string& inside);

}  // namespace compose::rt
