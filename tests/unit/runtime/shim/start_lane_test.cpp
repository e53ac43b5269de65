#include "runtime-shim/shim/start_lane.hpp"

#include <csignal>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/client/start_lane.hpp"

using namespace compose;
using namespace compose::rt;

namespace {

// A process that waits for ever.
struct Waiting {
  Waiting() : pid(::fork()) {
    while (pid == 0) ::pause();
    pidfd = base::UniqueFd{base::sys::pidfd_open(pid, 0)};
  }
  ~Waiting() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  pid_t pid;
  base::UniqueFd pidfd;
};

}  // namespace

TEST_SUITE("runtime/shim/start_lane") {
  TEST_CASE("a word lets through, the end takes back, the end of the process is an error") {
    const Waiting process;
    auto [open, let] = StartLane::make();
    open.let_through();
    wait_at_gate(let.get(), process.pidfd.get());

    auto closed = std::make_optional(StartLane::make());
    const auto taken_back = std::move(closed->second);
    closed.reset();
    CHECK_THROWS_WITH_AS(wait_at_gate(taken_back.get(), process.pidfd.get()), "the start was taken back",
                         StartTakenBack);

    auto [shut, waits] = StartLane::make();
    ::kill(process.pid, SIGKILL);
    CHECK_THROWS_WITH_AS(wait_at_gate(waits.get(), process.pidfd.get()), "the process ended before its start",
                         base::Error);
  }

  TEST_CASE("a network comes with its namespace first, the resolver's sockets behind it") {
    auto [ours, theirs] = StartLane::make();
    const auto file = [](const char* path) { return base::sys::open(base::HostPath{path}, O_RDONLY); };
    const auto netns = file("/proc/self/ns/net");
    std::vector<base::UniqueFd> sockets;
    sockets.push_back(file("/dev/null"));
    sockets.push_back(file("/dev/zero"));
    ours.send_network(netns, sockets);
    ours.let_through();
    const Waiting process;
    const LateNetwork network = receive_network(theirs.get(), process.pidfd.get());
    const auto is = [](const base::UniqueFd& fd, const char* path) {
      struct ::stat a {};
      struct ::stat b {};
      return ::fstat(fd.get(), &a) == 0 && ::stat(path, &b) == 0 && a.st_ino == b.st_ino &&
             a.st_dev == b.st_dev;
    };
    CHECK(is(network.network_namespace, "/proc/self/ns/net"));
    REQUIRE(network.dns_sockets.size() == 2);
    CHECK(is(network.dns_sockets[1], "/dev/zero"));
    wait_at_gate(theirs.get(), process.pidfd.get());
  }

  TEST_CASE("what comes out of order is refused") {
    auto [ours, theirs] = StartLane::make();
    const Waiting process;
    ours.let_through();
    CHECK_THROWS_WITH_AS(receive_network(theirs.get(), process.pidfd.get()),
                         "'go' came over the lane, not 'network'", base::Error);
  }

  TEST_CASE("a shim that has ended is no error of the lane") {
    auto [ours, theirs] = StartLane::make();
    theirs.reset();
    ours.let_through();
  }
}
