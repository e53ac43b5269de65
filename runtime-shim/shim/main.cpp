// compose-shim [CGROUP-ROOT PROJECT]. Started by the CLI once for each batch, with a socket as descriptor 3:
// the launcher reads start requests and forks one shim for each; it ends when the socket is closed. Nobody
// starts this program by hand.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <malloc.h>
#include <map>
#include <optional>
#include <poll.h>
#include <set>
#include <span>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "base/channel.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/process.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "base/wire.hpp"
#include "runtime-shim/cgroup/supervisor_cgroup.hpp"
#include "runtime-shim/init/init_program.hpp"
#include "runtime-shim/shim/container.hpp"

namespace compose::rt {
namespace {

void report(const StartReport& r) {
  try {
    base::send_message(k_launcher_socket, base::to_wire(r));
  } catch (const base::SysError&) {
    // The client has gone; the container stays.
  }
}

void remove_empty_parents(const HostFacts& facts, const std::string& cgroup_root,
                          const std::string& project) {
  remove_project_cgroups_if_empty(facts.cgroups, cgroup_root, project);
  SupervisorCgroup{facts.cgroups, cgroup_root}.remove_if_empty();
}

// The whole life of one shim, from the fork to the end of its container.
void run_shim(const HostFacts& facts, StartMessage message, pid_t launcher) {
  ::setsid();
  ::signal(SIGCHLD, SIG_DFL);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  const bool dies_with_client = message.header.die_with_launcher;
  if (dies_with_client) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != launcher) return;
  }
  StartReport r{.id = message.spec.id, .ticket = message.header.ticket};
  const std::string cgroup_root = message.header.cgroup_root;
  const std::string project = message.spec.project;
  try {
    Container container{facts, std::move(message)};
    container.start();
    r.ok = true;
    r.init_pid = container.status().init_pid;
    r.warnings = container.warnings();
    report(r);
    ::close(k_launcher_socket);
    ::close(k_launcher_held);
    container.run();
  } catch (const base::Error& e) {
    if (r.ok) throw;
    remove_empty_parents(facts, cgroup_root, project);
    const auto* failed = dynamic_cast<const StartFailed*>(&e);
    r.error = e.what();
    r.exit_code = failed != nullptr ? failed->exit_code() : 125;
    report(r);
  }
}

// A shim that ends in another way than this has not reported its end, or not even its start.
[[noreturn]] void be_shim(const HostFacts& facts, StartMessage message, pid_t launcher) noexcept {
  run_shim(facts, std::move(message), launcher);
  ::_exit(0);
}

class Launcher {
 public:
  // A project whose containers are going to be started: its cgroups need not wait for the first request.
  void expect(const std::string& cgroup_root, const std::string& project) {
    prepare_project(cgroup_root, project);
  }

  // Until the client closes the socket. What was made for nobody goes again.
  void run() {
    while (auto message = next_request()) handle(std::move(*message));
    if (shims_started_) return;
    for (const auto& [cgroup_root, project] : prepared_) remove_empty_parents(facts_, cgroup_root, project);
  }

 private:
  struct Shim {
    ContainerId id;
    std::uint64_t ticket = 0;
  };

  // SIGCHLD is let in only here, and only while no request is there to be served.
  std::optional<base::Message> next_request() {
    sigset_t none;
    sigemptyset(&none);
    pollfd client{.fd = k_launcher_socket, .events = POLLIN, .revents = 0};
    while (::ppoll(&client, 1, nullptr, &none) == -1) {
      if (errno != EINTR) throw base::SysError(errno, "wait for a request");
      reap();
    }
    return base::receive_message(k_launcher_socket);
  }

  // Nobody else can tell the client about a shim that was killed before it could report.
  void reap() {
    siginfo_t ended{};
    while (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG) == 0 && ended.si_pid != 0) {
      const auto status = base::ExitStatus::from(ended);
      const auto shim = shims_.extract(ended.si_pid);
      ended.si_pid = 0;
      if (shim.empty() || status.success()) continue;
      report({.id = shim.mapped().id,
              .ticket = shim.mapped().ticket,
              .error = base::text("its supervisor {} while it was starting", status.describe()),
              .exit_code = 125});
    }
  }

  void handle(base::Message message) {
    StartReport r;
    try {
      StartMessage start = decode_start(std::move(message));
      r.id = start.spec.id;
      r.ticket = start.header.ticket;
      prepare_project(start.header.cgroup_root, start.spec.project);
      if (start.spec.process.init) start.init_program = init_program();
      const pid_t launcher = ::getpid();
      const pid_t pid = base::check(fork_shim(start.header.cgroup_root), "start a shim");
      if (pid == 0) {
        init_program_.reset();
        be_shim(facts_, std::move(start), launcher);
      }
      shims_.emplace(pid, Shim{.id = r.id, .ticket = r.ticket});
      shims_started_ = true;
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
  void prepare_project(const std::string& cgroup_root, const std::string& project) {
    if (prepared_.emplace(cgroup_root, project).second)
      ensure_project_cgroups(facts_.cgroups, cgroup_root, project);
    SupervisorCgroup{facts_.cgroups, cgroup_root}.ensure();
  }

  // Made when the first container asks for it.
  base::UniqueFd init_program() {
    if (!init_program_) init_program_ = make_init_program();
    return base::sys::duplicate(init_program_.get());
  }

  const HostFacts facts_ = find_host_facts();
  base::UniqueFd init_program_;
  std::set<std::pair<std::string, std::string>> prepared_;
  std::map<pid_t, Shim> shims_;
  bool shims_started_ = false;
};

void admit_signals() {
  base::sys::default_signals();
  ::signal(SIGHUP, SIG_IGN);  // until each shim has its own session and signal descriptor
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, [](int) {});  // interrupts the wait for a request
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_SETMASK, &children, nullptr);
}

void become_daemon() {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_NAME, "compose-shim");
  ::umask(0022);
  if (::chdir("/") == -1) std::_Exit(1);
  admit_signals();
  ::setsid();
  // Fewer and smaller arenas: a shim lives long and needs little.
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 64 << 10);
  ::mallopt(M_TOP_PAD, 0);
  ::mallopt(M_MMAP_THRESHOLD, 64 << 10);
}

int run(std::span<char*> arguments) {
  struct ::stat info {};
  const bool expects = arguments.size() == 3;
  if ((arguments.size() != 1 && !expects) || ::fstat(k_launcher_socket, &info) == -1 ||
      !S_ISSOCK(info.st_mode)) {
    std::fputs("compose-shim: started by compose, not by hand\n", stderr);
    return 2;
  }
  base::sys::close_range(k_launcher_held + 1, ~0U, 0);
  // Its number is taken even where nothing was given, so that no descriptor of a request gets it.
  if (::fcntl(k_launcher_held, F_GETFD) == -1) ::fcntl(k_launcher_socket, F_DUPFD, k_launcher_held);
  base::sys::close_range(k_launcher_socket, k_launcher_held, CLOSE_RANGE_CLOEXEC);
  become_daemon();
  try {
    Launcher launcher;
    if (expects) launcher.expect(arguments[1], arguments[2]);
    launcher.run();
  } catch (const base::Error& e) {
    report({.ok = false, .error = e.what(), .exit_code = 125});
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace compose::rt

int main(int argc, char** argv) {
  return compose::rt::run({argv, static_cast<std::size_t>(argc)});
}
