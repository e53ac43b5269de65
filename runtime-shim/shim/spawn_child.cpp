#include "runtime-shim/shim/spawn_child.hpp"

#include <cerrno>
#include <csignal>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fault.hpp"
#include "base/seqpacket.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/shim/pid_namespace.hpp"
#include "runtime-shim/shim/start_lane.hpp"

namespace compose::rt {
namespace {

// A program on a file system that does not answer must not stop the shim for ever.
constexpr int k_longest_start_ms = 60'000;

struct ReceivedReport {
  ChildReport report{};
  base::UniqueFd fd;
};

// nullopt: the child's end is closed, which is exec.
std::optional<ReceivedReport> receive_report(int socket) {
  pollfd readable{.fd = socket, .events = POLLIN, .revents = 0};
  const int n = base::check(base::retry_eintr([&] { return ::poll(&readable, 1, k_longest_start_ms); }),
                            "wait for a start");
  if (n == 0) throw base::SysError(ETIMEDOUT, "start the process");
  ReceivedReport out;
  const auto got = base::receive_packet(socket, &out.report, sizeof out.report, out.fd);
  if (got == 0 || (got == -1 && errno == ECONNRESET)) return std::nullopt;
  base::check(got, "wait for a start");
  return out;
}

// With a descriptor, or -1 without one.
void let_go_on(int socket, int fd) {
  if (base::send_packet(socket, "", 1, fd) == 1) return;
  if (errno == EPIPE || errno == ECONNRESET) throw ProcessEnded{};
  throw base::SysError(errno, "release the process");
}

void kill_and_reap(const SpawnedChild& child) {
  base::sys::pidfd_send_signal(child.pidfd.get(), SIGKILL);
  int status = 0;
  base::retry_eintr([&] { return ::waitpid(child.pid, &status, 0); });
}

StartFailed exec_failure(const PreparedProcess& process, int error) {
  const auto& command = process.argv.front();
  if (error == ENOENT && command.find('/') == std::string::npos)
    return {base::text("exec '{}': executable file not found in $PATH", command), 127};
  return {base::text("exec '{}': {}", command, base::error_text(error)), error == ENOENT ? 127 : 126};
}

// As fork(2), with the child's pidfd in the parent.
pid_t clone_at(const Birthplace& birthplace, int& pidfd) {
  clone_args arguments{};
  arguments.flags =
      birthplace.new_namespaces | CLONE_PIDFD | (birthplace.cgroup >= 0 ? CLONE_INTO_CGROUP : 0);
  arguments.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (birthplace.cgroup >= 0) arguments.cgroup = static_cast<unsigned>(birthplace.cgroup);
  std::optional<VisitedNamespaces> visit;
  if (birthplace.visited >= 0) visit.emplace(birthplace.visited);
  const pid_t pid = base::sys::clone3(arguments);
  if (pid == 0 && visit) visit->stay();
  return pid;
}

}  // namespace

StartFailed explain_failure(const PreparedChild& child, const ChildReport& report) {
  const std::string why = base::error_text(report.error);
  if (report.stage == ChildStage::exec) return exec_failure(child.process, report.error);
  std::string what{describe(report.stage)};
  if (report.stage == ChildStage::mount && child.world != nullptr)
    what = describe_step(child.world->mounts, report.index);
  if (report.stage == ChildStage::set_sysctl && child.world != nullptr)
    what = base::text("set kernel parameter '{}'", child.world->sysctls.at(report.index).path.substr(4));
  if (report.stage == ChildStage::enter_directory)
    return {base::text("enter working directory '{}': {}", child.process.directory, why),
            child.world ? 125 : 126};
  return {base::text("{}: {}", what, why), 125};
}

SpawnedChild spawn_child(PreparedChild child, const Birthplace& birthplace, const Pauses& pauses) {
  auto [ours, theirs] = base::sys::make_socket_pair(SOCK_SEQPACKET);
  child.report = theirs.get();
  child.network_follows = static_cast<bool>(pauses.await_network);
  child.gated = static_cast<bool>(pauses.at_gate);
  child.process.seal();
  int pidfd = -1;
  const pid_t pid = clone_at(birthplace, pidfd);
  if (pid == 0) {
    ours.reset();
    run_child(child);
  }
  base::check(pid, "create the process");
  theirs.reset();
  SpawnedChild out{.pid = pid, .pidfd = base::UniqueFd{pidfd}, .terminal = {}};
  base::fault_point("shim.child_cloned");
  try {
    while (auto received = receive_report(ours.get())) {
      switch (received->report.stage) {
        case ChildStage::terminal_ready:
          out.terminal = std::move(received->fd);
          break;
        case ChildStage::awaits_network:
          let_go_on(ours.get(), pauses.await_network(out));
          break;
        case ChildStage::at_gate:
          pauses.at_gate(out);
          let_go_on(ours.get(), -1);
          break;
        default:
          throw explain_failure(child, received->report);
      }
    }
  } catch (...) {
    kill_and_reap(out);
    throw;
  }
  return out;
}

}  // namespace compose::rt
