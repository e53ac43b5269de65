#include "runtime-shim/init/tiny_init.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys_linux.hpp"

namespace compose::rt {
namespace {

// Reaps everything that has ended; leaves when the command is among it.
void reap(pid_t command) noexcept {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG))
    if (pid == command) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

}  // namespace

void run_tiny_init(pid_t command) noexcept {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  base::sys::close_range(0, ~0U, 0);
  const int command_fd = base::sys::pidfd_open(command, 0);
  reap(command);
  for (;;) {
    const int signal = ::sigwaitinfo(&all, nullptr);
    if (signal == SIGCHLD)
      reap(command);
    else if (signal > 0)
      base::sys::pidfd_send_signal(command_fd, signal);
  }
}

}  // namespace compose::rt
