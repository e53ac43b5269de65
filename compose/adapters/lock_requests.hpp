#pragma once
// How the holder of a project's lock is asked to end: a SOCK_SEQPACKET socket beside the lock file, for root
// alone. The holder listens on it for as long as it has the lock. Who comes connects, and says its name if
// the holder is to end. The connection breaks when the holder lets go or ends, however that happens: so
// whoever is at its other end holds the lock, and no process is ever named by a number that may be another's
// by now. What a killed holder leaves is a socket that nobody can connect to; the next holder replaces it.
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/path.hpp"
#include "base/unique_fd.hpp"

namespace compose::adapters {

// The holder's side.
class LockRequests {
 public:
  explicit LockRequests(base::HostPath socket);
  ~LockRequests();
  LockRequests(const LockRequests&) = delete;
  LockRequests& operator=(const LockRequests&) = delete;

  [[nodiscard]] int fd() const noexcept { return events_.get(); }  // readable: there is something to take()
  // The name of somebody who asks for the end; nullopt: nobody does. Does not block.
  std::optional<std::string> take();

 private:
  void meet();
  void watch(int fd);

  base::HostPath socket_;
  base::UniqueFd listening_;
  base::UniqueFd events_;
  std::vector<base::UniqueFd> visitors_;
  bool is_full_ = false;
};

// The side of who comes while somebody else holds the lock.
class LockHolder {
 public:
  // nullopt: nobody listens there, which a holder does but for a moment.
  static std::optional<LockHolder> reach(const base::HostPath& socket);
  void ask_to_end(std::string_view who) const;
  [[nodiscard]] bool is_there() const;    // still the same one
  [[nodiscard]] pid_t pid() const;        // 0 where it cannot be seen from this pid namespace
  [[nodiscard]] bool is_stopped() const;  // by SIGSTOP or Ctrl-Z

 private:
  explicit LockHolder(base::UniqueFd connection) : connection_(std::move(connection)) {}
  base::UniqueFd connection_;
};

}  // namespace compose::adapters
