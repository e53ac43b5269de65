#include "runtime-shim/init/tiny_init.hpp"

#include <csignal>
#include <cstdint>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys_linux.hpp"

extern "C" const char __executable_start;  // of the linker: where the program begins, and its code ends
extern "C" const char etext;

namespace compose::rt {
namespace {

// Reaps everything that has ended; leaves when the command is among it.
void reap(pid_t command) noexcept {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG))
    if (pid == command) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

// The pages of code that the start has used; the few that follow are mapped again.
void give_back_code() noexcept {
  constexpr std::uintptr_t k_page = 4096;
  const auto begin = reinterpret_cast<std::uintptr_t>(&__executable_start) & ~(k_page - 1);
  const auto end = (reinterpret_cast<std::uintptr_t>(&etext) + k_page - 1) & ~(k_page - 1);
  ::madvise(const_cast<char*>(&__executable_start), end - begin, MADV_DONTNEED);
}

}  // namespace

void run_tiny_init(pid_t command) noexcept {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  base::sys::close_range(0, ~0U, 0);
  const int command_fd = base::sys::pidfd_open(command, 0);
  reap(command);
  give_back_code();
  for (;;) {
    const int signal = ::sigwaitinfo(&all, nullptr);
    if (signal == SIGCHLD)
      reap(command);
    else if (signal > 0)
      base::sys::pidfd_send_signal(command_fd, signal);
  }
}

}  // namespace compose::rt
