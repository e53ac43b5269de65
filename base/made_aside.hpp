#pragma once
// A descriptor that has to be made in another place than this process is at: in a mount namespace of its own
// or of somebody else. Whoever enters one loses where it was, so a process of a moment does it.
#include <functional>

#include "base/unique_fd.hpp"

namespace compose::base {

// What `make` returns in a child process; an Error of it is one here. The child runs no destructor of its
// parent. Single-threaded callers only.
[[nodiscard]] UniqueFd made_aside(const std::function<UniqueFd()>& make);

}  // namespace compose::base
