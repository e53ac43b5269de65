#pragma once
// One changing command at a time for each project: a second one waits for it and says so, or asks it to end
// (lock_requests.hpp). The lock is flock(2) on $COMPOSE_RUN_ROOT/locks/<project>, so it ends with its holder
// however that ends. Different projects never wait.
//
// The launcher of a command's shims is handed the descriptor. So after a command was killed the lock is free
// only when the last container that it was starting has come up or failed, and the next command sees what
// there is, not what is still coming.
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/lock_file.hpp"
#include "compose/adapters/lock_requests.hpp"
#include "compose/adapters/paths.hpp"

namespace compose::adapters {

enum class OnHolder : std::uint8_t {
  wait,    // until it is done
  end_it,  // ask it to end: what it waits for or brings up is to go
};

// Who comes to a project's lock, and why.
struct LockWish {
  std::string project;
  std::string verb;
  OnHolder on_holder = OnHolder::wait;
  std::function<void(const std::string&)> say;  // told for whom this waits, where it does for long
};

// What somebody does while another one holds the lock.
class LockWait {
 public:
  static constexpr std::chrono::milliseconds k_every{100};
  LockWait(const Paths& paths, const LockWish& wish);
  // To be called when the lock was found taken, and then every k_every for as long as it is.
  void look();

 private:
  using Clock = std::chrono::steady_clock;
  void say_for_whom();
  void say_if_stopped();

  const base::HostPath lock_;
  const base::HostPath socket_;
  LockWish wish_;
  Clock::time_point began_ = Clock::now();
  std::optional<LockHolder> holder_;
  bool said_ = false;
  bool said_stopped_ = false;
};

class ProjectLock {
 public:
  // Blocks.
  ProjectLock(const Paths& paths, const LockWish& wish);
  // nullopt: somebody holds it.
  static std::optional<ProjectLock> try_take(const Paths& paths, const LockWish& wish);

  // Is a command changing the project at this moment? (One that has just let go may still count.)
  static bool is_held(const Paths& paths, const std::string& project);

  // The holder before did not settle: it was killed, was asked to end, or failed.
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
  // Who wants this command to end.
  [[nodiscard]] LockRequests& requests() noexcept { return *requests_; }

 private:
  ProjectLock(const Paths& paths, const LockWish& wish, base::LockFile file);
  enum class Before : std::uint8_t { nobody, settled, unsettled };
  static Before before(const std::string& note);

  base::LockFile file_;
  Before before_;
  std::unique_ptr<LockRequests> requests_;
  bool keep_unsettled_ = false;
};

}  // namespace compose::adapters
