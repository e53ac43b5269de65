#pragma once
// One changing command at a time for each project: a second one waits, and says for whom. The lock is
// flock(2) on $COMPOSE_RUN_ROOT/locks/<project>, so it ends with its holder however that ends. Different
// projects never wait.
//
// The launcher of a command's shims is handed the descriptor. So after a command was killed the lock is free
// only when the last container that it was starting has come up or failed, and the next command sees what
// there is, not what is still coming.
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

  // The holder before did not settle: it was killed, or failed. Also where nobody held it since the boot.
  [[nodiscard]] bool follows_unsettled() const noexcept { return follows_unsettled_; }
  // All is in order; the next one may begin.
  void settle();
  // Something could not be put right: settle() says nothing, and the next holder looks again.
  void keep_unsettled() noexcept { keep_unsettled_ = true; }
  [[nodiscard]] int fd() const noexcept { return file_.fd(); }

 private:
  base::LockFile file_;
  bool follows_unsettled_ = false;
  bool keep_unsettled_ = false;
};

}  // namespace compose::adapters
