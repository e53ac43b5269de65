#pragma once
// clone3 and the handshake: the parent's half of init/prepared_child.hpp.
#include <cstdint>
#include <functional>
#include <sys/types.h>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "runtime-shim/init/prepared_child.hpp"

namespace compose::rt {

// The child did not get as far as exec. 127: no such command; 126: it cannot be executed; 125: anything
// before that.
class StartFailed final : public base::Error {
 public:
  StartFailed(const std::string& why, int exit_code) : base::Error(why), exit_code_(exit_code) {}
  [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

 private:
  int exit_code_;
};

struct SpawnedChild {
  pid_t pid = 0;
  base::UniqueFd pidfd;
  base::UniqueFd terminal;  // the pty's master, for a process with a terminal
};

// Where a child stands and waits for its parent, and what the parent does meanwhile; empty: the child does
// not stop there. The child is gone when one throws.
struct Pauses {
  std::function<int(const SpawnedChild&)> await_network;  // the descriptor of its network namespace
  std::function<void(const SpawnedChild&)> at_gate;       // all is prepared, exec comes next
};

struct Birthplace {
  std::uint64_t new_namespaces = 0;  // CLONE_NEW*
  int cgroup = -1;                   // a v2 directory
  int visited = -1;                  // pidfd of whose namespaces it is born into (VisitedNamespaces)
};

// Returns when exec has happened.
SpawnedChild spawn_child(PreparedChild child, const Birthplace& birthplace, const Pauses& pauses = {});

// "exec 'nginx': executable file not found in $PATH", "mount '/srv' on '/data': No such file or directory"
// ...
StartFailed explain_failure(const PreparedChild& child, const ChildReport& report);

}  // namespace compose::rt
