#pragma once
// One changing command at a time for each project: a second one waits, and says for whom. The lock is
// flock(2) on $COMPOSE_RUN_ROOT/locks/<project>, so it ends with its holder however that ends. Different
// projects never wait.
//
// The launcher of a command's shims is handed the descriptor. So after a command was killed the lock is free
// only when the last container that it was starting has come up or failed, and the next command sees what
// there is, not what is still coming.
#include <cstdint>
#include <functional>
#include <string>

#include "base/lock_file.hpp"
#include "compose/adapters/paths.hpp"

namespace compose::adapters {

class ProjectLock {
 public:
  // Blocks. `waiting` is told once, before blocking: `waiting for "compose up" (pid 123) on project "shop"`.
  ProjectLock(const Paths& paths, const std::string& project, const std::string& verb,
              const std::function<void(const std::string&)>& waiting);

  // The holder before did not settle: it was killed, or failed.
  [[nodiscard]] bool follows_unsettled() const noexcept { return before_ == Before::unsettled; }
  // Nobody held it since the boot, or since nothing was left of the project.
  [[nodiscard]] bool is_first() const noexcept { return before_ == Before::nobody; }
  // All is in order; the next one may begin.
  void settle();
  // As settle(), and nothing is left of the project: no container, no network.
  void settle_and_remove();
  // Something could not be put right: settle() says nothing, and the next holder looks again.
  void keep_unsettled() noexcept { keep_unsettled_ = true; }
  [[nodiscard]] int fd() const noexcept { return file_.fd(); }

 private:
  base::LockFile file_;
  enum class Before : std::uint8_t { nobody, settled, unsettled };
  static Before before(const std::string& note);
  Before before_;
  bool keep_unsettled_ = false;
};

}  // namespace compose::adapters
