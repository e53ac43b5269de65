#pragma once
// One changing command at a time for each project: a second one waits, and says for whom. The lock is
// flock(2) on $COMPOSE_RUN_ROOT/locks/<project>, so it ends with its holder however that ends. Different
// projects never wait.
#include <functional>
#include <string>

#include "base/lock_file.hpp"
#include "compose/adapters/paths.hpp"

namespace compose::adapters {

// Blocks. `waiting` is told once, before blocking: `waiting for "compose up" (pid 123) on project "shop"`.
[[nodiscard]] base::LockFile lock_project(const Paths& paths, const std::string& project,
                                          const std::string& verb,
                                          const std::function<void(const std::string&)>& waiting);

}  // namespace compose::adapters
