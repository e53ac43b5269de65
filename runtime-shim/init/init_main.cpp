// The init of `init: true`, a program of its own: PID 1 of the container, as its user and with its
// capabilities. Passes signals on to the command, reaps what is orphaned, ends as the command ended. Standing
// alone, without a C library, it is one page of code and one of stack; it lies in the shim as bytes
// (init_program.hpp). The command runs already: its number comes over the descriptor k_init_command.
#include <cerrno>
#include <csignal>
#include <linux/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "runtime-shim/init/init_program.hpp"

namespace {

long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) noexcept {
#if defined(__x86_64__)
  long result = number;
  register long fourth asm("r10") = d;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long first asm("x0") = a;
  register long second asm("x1") = b;
  register long third asm("x2") = c;
  register long fourth asm("x3") = d;
  register long which asm("x8") = number;
  asm volatile("svc 0" : "+r"(first) : "r"(second), "r"(third), "r"(fourth), "r"(which) : "memory");
  return first;
#else
#error "system calls of this processor are not known here"
#endif
}

long address(const void* pointer) noexcept {
  return reinterpret_cast<long>(pointer);
}

[[noreturn]] void leave(int code) noexcept {
  for (;;) call(SYS_exit_group, code);
}

pid_t number_of_command() noexcept {
  pid_t command = 0;
  const long n = call(SYS_read, compose::rt::k_init_command, address(&command), sizeof command);
  call(SYS_close, compose::rt::k_init_command);
  if (n != sizeof command) leave(127);
  return command;
}

// Everything that has ended; leaves when the command is among it.
void reap(pid_t command) noexcept {
  int status = 0;
  for (;;) {
    const long pid = call(SYS_wait4, -1, address(&status), WNOHANG);
    if (pid <= 0) return;
    if (pid == command) leave(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
}

// What a terminal sends goes to its whole foreground group, so the command has it already. A hangup goes to
// the leader of the session, which is this process.
bool is_for_command(const siginfo_t& signal) noexcept {
  return signal.si_code != SI_KERNEL || signal.si_signo == SIGHUP;
}

[[noreturn]] void run() noexcept {
  constexpr char k_name[] = "docker-init";
  call(SYS_prctl, PR_SET_NAME, address(k_name));
  const pid_t command = number_of_command();
  reap(command);
  constexpr unsigned long k_all = ~0UL;  // blocked since before this program was executed
  for (;;) {
    siginfo_t signal;
    const long number =
        call(SYS_rt_sigtimedwait, address(&k_all), address(&signal), 0, static_cast<long>(sizeof k_all));
    if (number == SIGCHLD)
      reap(command);
    else if (number > 0 && is_for_command(signal))
      call(SYS_kill, command, number);
  }
}

}  // namespace

// Nobody calls this function, the kernel jumps to it.
#if defined(__x86_64__)
extern "C" [[noreturn, gnu::force_align_arg_pointer]] void _start() noexcept;
#else
extern "C" [[noreturn]] void _start() noexcept;
#endif
void _start() noexcept {
  run();
}
