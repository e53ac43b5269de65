#include "base/spawn.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"

namespace compose::base {
namespace {

std::vector<char*> c_strings(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// Everything the child needs, prepared by the parent; the child allocates nothing.
struct Prepared {
  std::vector<char*> argv;
  std::vector<char*> environment;
  std::vector<PassedFd> fds;  // sources lifted above every target; complete for 0..2
  const char* program;
  const char* directory;
  int program_fd;
  bool new_session;
  bool die_with_parent;
  pid_t parent;
  int error = 0;  // written by the child: vfork shares our memory until it executes or exits
};

[[noreturn]] void run_child(Prepared& p) noexcept {
  sys::default_signals();  // ours alone: memory is shared with the parent, dispositions are not
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const auto give_up = [&] {
    p.error = errno;
    ::_exit(127);
  };
  // A program that gains rights loses its parent-death signal, so it may gain none.
  if (p.die_with_parent && (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
                            ::prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || ::getppid() != p.parent))
    give_up();
  if (p.new_session && ::setsid() == -1) give_up();
  if (p.directory != nullptr && ::chdir(p.directory) == -1) give_up();
  for (const auto& fd : p.fds)
    if (::dup2(fd.source, fd.target) == -1) give_up();
  if (p.program_fd >= 0)
    sys::execveat(p.program_fd, "", p.argv.data(), p.environment.data(), AT_EMPTY_PATH);
  else
    ::execve(p.program, p.argv.data(), p.environment.data());
  give_up();
  ::_exit(127);
}

// Copies of the sources and of the program above every target number, so that dup2 in order never overwrites
// one that is still needed.
std::vector<UniqueFd> lift_sources(Prepared& p) {
  int highest = 2;
  for (const auto& fd : p.fds) highest = std::max(highest, fd.target);
  std::vector<UniqueFd> lifted;
  const auto lift = [&](int& fd) {
    lifted.emplace_back(check(::fcntl(fd, F_DUPFD_CLOEXEC, highest + 1), "duplicate descriptor {}", fd));
    fd = lifted.back().get();
  };
  for (auto& fd : p.fds) lift(fd.source);
  if (p.program_fd >= 0) lift(p.program_fd);
  return lifted;
}

}  // namespace

Process spawn(const SpawnOptions& options) {
  const auto null = sys::open(HostPath{"/dev/null"}, O_RDWR);
  Prepared p{.argv = c_strings(options.argv),
             .environment = c_strings(options.environment),
             .fds = options.fds,
             .program = options.program.c_str(),
             .directory = options.directory ? options.directory->c_str() : nullptr,
             .program_fd = options.program_fd,
             .new_session = options.new_session,
             .die_with_parent = options.die_with_parent,
             .parent = ::getpid()};
  for (int standard = 0; standard <= 2; ++standard)
    if (std::ranges::none_of(p.fds, [&](const PassedFd& fd) { return fd.target == standard; }))
      p.fds.push_back({.source = null.get(), .target = standard});
  const auto lifted = lift_sources(p);

  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);  // no handler of ours may run while the child shares our memory
  const pid_t pid = ::vfork();
  if (pid == 0) run_child(p);
  const int vfork_error = errno;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid == -1) throw SysError(vfork_error, text("start '{}'", options.program.str()));

  Process child{pid, UniqueFd{check(sys::pidfd_open(pid, 0), "open process {}", pid)}};
  if (p.error != 0) {
    child.wait();
    throw SysError(p.error, text("execute '{}'", options.program.str()));
  }
  return child;
}

}  // namespace compose::base
