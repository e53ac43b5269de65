// compose-shim. Started by the CLI once for each batch, with a socket as descriptor 3: the launcher reads
// start requests and forks one shim for each; it ends when the socket is closed. Nobody starts this program
// by hand.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <malloc.h>
#include <optional>
#include <set>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/channel.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys_linux.hpp"
#include "base/wire.hpp"
#include "runtime-shim/cgroup/supervisor_cgroup.hpp"
#include "runtime-shim/shim/container.hpp"

namespace compose::rt {
namespace {

constexpr int k_socket = 3;

void report(const StartReport& r) {
  try {
    base::send_message(k_socket, base::to_wire(r));
  } catch (const base::SysError&) {
    // The client has gone; the container stays.
  }
}

// The whole life of one shim, from the fork to the end of its container.
void run_shim(const HostFacts& facts, StartMessage message, pid_t launcher) {
  ::setsid();
  // An ignored SIGCHLD is the launcher's; a shim reaps its own children.
  ::signal(SIGCHLD, SIG_DFL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const bool dies_with_client = message.header.die_with_launcher;
  if (dies_with_client) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != launcher) return;
  }
  StartReport r{.id = message.spec.id};
  const std::string cgroup_root = message.header.cgroup_root;
  const std::string project = message.spec.project;
  try {
    Container container{facts, std::move(message)};
    container.start();
    r.ok = true;
    r.init_pid = container.status().init_pid;
    r.warnings = container.warnings();
    report(r);
    ::close(k_socket);
    ::malloc_trim(0);
    container.run();
  } catch (const base::Error& e) {
    if (r.ok) throw;
    remove_project_cgroups_if_empty(facts.cgroups, cgroup_root, project);
    const auto* failed = dynamic_cast<const StartFailed*>(&e);
    r.error = e.what();
    r.exit_code = failed != nullptr ? failed->exit_code() : 125;
    report(r);
  }
}

class Launcher {
 public:
  // Until the client closes the socket.
  void run() {
    while (auto message = base::receive_message(k_socket)) handle(std::move(*message));
  }

 private:
  void handle(base::Message message) {
    StartReport r;
    try {
      StartMessage start = decode_start(std::move(message));
      r.id = start.spec.id;
      prepare_project(start);
      const pid_t launcher = ::getpid();
      const pid_t pid = base::check(fork_shim(start.header.cgroup_root), "start a shim");
      if (pid != 0) return;
      run_shim(facts_, std::move(start), launcher);
      ::_exit(0);
    } catch (const base::Error& e) {
      r.error = e.what();
      r.exit_code = 125;
      report(r);
    }
  }

  // A fork, on v2 straight into the cgroup of the shims: moving there later would stop the whole system for a
  // moment.
  pid_t fork_shim(const std::string& cgroup_root) const {
    const base::UniqueFd entrance = SupervisorCgroup{facts_.cgroups, cgroup_root}.unified_entrance();
    if (!entrance) return ::fork();
    clone_args arguments{};
    arguments.flags = CLONE_INTO_CGROUP;
    arguments.exit_signal = SIGCHLD;
    arguments.cgroup = static_cast<unsigned>(entrance.get());
    return base::sys::clone3(arguments);
  }

  // Once for each project of the batch, in one place, so that shims do not race for the directories above
  // theirs.
  void prepare_project(const StartMessage& start) {
    if (prepared_.emplace(start.header.cgroup_root, start.spec.project).second)
      ensure_project_cgroups(facts_.cgroups, start.header.cgroup_root, start.spec.project);
    SupervisorCgroup{facts_.cgroups, start.header.cgroup_root}.ensure();
  }

  const HostFacts facts_ = find_host_facts();
  std::set<std::pair<std::string, std::string>> prepared_;
};

void become_daemon() {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_NAME, "compose-shim");
  ::umask(0022);
  if (::chdir("/") == -1) std::_Exit(1);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  ::signal(SIGCHLD, SIG_IGN);  // shims that end while the launcher lives are reaped by the kernel
  ::signal(SIGHUP, SIG_IGN);   // until each shim has its own session and signal descriptor
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  // Fewer and smaller arenas: a shim lives long and needs little.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 10);
  ::mallopt(M_TOP_PAD, 0);
  ::mallopt(M_MMAP_THRESHOLD, 64 << 10);
}

int run(int argc) {
  struct ::stat info {};
  if (argc > 1 || ::fstat(k_socket, &info) == -1 || !S_ISSOCK(info.st_mode)) {
    std::fputs("compose-shim: started by compose, not by hand\n", stderr);
    return 2;
  }
  ::fcntl(k_socket, F_SETFD, FD_CLOEXEC);
  base::sys::close_range(k_socket + 1, ~0U, 0);
  become_daemon();
  try {
    Launcher{}.run();
  } catch (const base::Error& e) {
    report({.ok = false, .error = e.what(), .exit_code = 125});
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace compose::rt

int main(int argc, char**) {
  return compose::rt::run(argc);
}
