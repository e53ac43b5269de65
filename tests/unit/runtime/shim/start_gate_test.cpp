#include "runtime-shim/shim/start_gate.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/sys.hpp"
#include "base/sys_linux.hpp"

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

TEST_SUITE("runtime/shim/start_gate") {
  TEST_CASE("a byte lets through, the end takes back, the end of the process is an error") {
    const Waiting process;
    auto open = base::sys::make_pipe();
    base::sys::write_all(open.write_end.get(), "x");
    wait_at_gate(open.read_end.get(), process.pidfd.get());

    auto closed = base::sys::make_pipe();
    closed.write_end.reset();
    CHECK_THROWS_WITH_AS(wait_at_gate(closed.read_end.get(), process.pidfd.get()), "the start was taken back",
                         StartTakenBack);

    auto shut = base::sys::make_pipe();
    ::kill(process.pid, SIGKILL);
    CHECK_THROWS_WITH_AS(wait_at_gate(shut.read_end.get(), process.pidfd.get()),
                         "the process ended before its start", base::Error);
  }
}
