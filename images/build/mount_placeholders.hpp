#pragma once
// Whoever runs something on top of layers needs places to mount at, and makes those that are missing. As far
// as nothing was put into them they are no part of the layer that comes out.
#include <string>
#include <vector>

#include "base/path.hpp"
#include "images/build/root_view.hpp"

namespace compose::images {

// Removes from `upper` what is empty, was not there `below`, and is one of `targets` (container paths), a
// place that every container has (/proc, /etc/hosts), or a parent of one.
void remove_placeholders(const base::HostPath& upper, const RootView& below,
                         const std::vector<std::string>& targets);

}  // namespace compose::images
