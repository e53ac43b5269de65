#include "compose/adapters/lock_requests.hpp"

#include <csignal>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose;
using adapters::LockHolder;
using adapters::LockRequests;

namespace {

bool readable(const LockRequests& requests) {
  pollfd waiting{.fd = requests.fd(), .events = POLLIN, .revents = 0};
  return base::check(::poll(&waiting, 1, 0), "poll") == 1;
}

// A process that listens and is stopped.
pid_t stopped_holder(const base::HostPath& socket) {
  const pid_t child = base::check(::fork(), "fork");
  if (child == 0) {
    const LockRequests requests{socket};
    ::raise(SIGSTOP);
    ::_exit(0);
  }
  int status = 0;
  base::check(::waitpid(child, &status, WUNTRACED), "wait");
  return child;
}

void end(pid_t child) {
  base::check(::kill(child, SIGKILL), "kill");
  base::check(::waitpid(child, nullptr, 0), "wait");
}

}  // namespace

TEST_SUITE("adapters/lock_requests") {
  TEST_CASE("a holder hears who asks it to end, and who only looks asks nothing") {
    base::TemporaryDirectory scratch;
    LockRequests requests{scratch.path() / "socket"};
    CHECK_FALSE(requests.take());
    const auto silent = LockHolder::reach(scratch.path() / "socket");
    REQUIRE(silent);
    CHECK(silent->pid() == ::getpid());
    CHECK_FALSE(silent->is_stopped());
    CHECK(readable(requests));
    CHECK_FALSE(requests.take());
    CHECK_FALSE(readable(requests));
    const auto visitor = LockHolder::reach(scratch.path() / "socket");
    REQUIRE(visitor);
    visitor->ask_to_end("somebody");
    CHECK(readable(requests));
    CHECK(requests.take() == "somebody");
    CHECK_FALSE(requests.take());
    CHECK_FALSE(readable(requests));
  }

  TEST_CASE("who asked and has gone wants nothing") {
    const base::TemporaryDirectory scratch;
    LockRequests requests{scratch.path() / "socket"};
    {
      const auto visitor = LockHolder::reach(scratch.path() / "socket");
      REQUIRE(visitor);
      visitor->ask_to_end("somebody");
    }
    CHECK(readable(requests));
    CHECK_FALSE(requests.take());
    CHECK_FALSE(readable(requests));
  }

  TEST_CASE("a holder is there until it lets go, whether it met its visitors or not") {
    base::TemporaryDirectory scratch;
    std::optional<LockRequests> requests;
    requests.emplace(scratch.path() / "socket");
    const auto met = LockHolder::reach(scratch.path() / "socket");
    CHECK_FALSE(requests->take());
    const auto waiting = LockHolder::reach(scratch.path() / "socket");
    REQUIRE(met);
    REQUIRE(waiting);
    CHECK(met->is_there());
    CHECK(waiting->is_there());
    requests.reset();
    CHECK_FALSE(met->is_there());
    CHECK_FALSE(waiting->is_there());
    waiting->ask_to_end("too late");
    CHECK(base::list_directory(scratch.path()).empty());
  }

  TEST_CASE("nobody is reached where there is no holder") {
    base::TemporaryDirectory scratch;
    CHECK_FALSE(LockHolder::reach(scratch.path() / "locks/socket"));
    CHECK_FALSE(LockHolder::reach(scratch.path() / "socket"));
  }

  TEST_CASE("a holder that is stopped can be asked, and what it leaves when it is killed is replaced") {
    base::TemporaryDirectory scratch;
    const auto socket = scratch.path() / "socket";
    const pid_t child = stopped_holder(socket);
    const auto holder = LockHolder::reach(socket);
    REQUIRE(holder);
    holder->ask_to_end("somebody");
    CHECK(holder->pid() == child);
    CHECK(holder->is_stopped());
    CHECK(holder->is_there());
    end(child);
    CHECK_FALSE(holder->is_there());
    CHECK_FALSE(LockHolder::reach(socket));
    const LockRequests requests{socket};
    CHECK(LockHolder::reach(socket));
  }

  TEST_CASE("the socket is for root alone, whatever the umask") {
    base::TemporaryDirectory scratch;
    const mode_t before = ::umask(0);
    const LockRequests requests{scratch.path() / "socket"};
    ::umask(before);
    CHECK((base::sys::stat_if_exists(scratch.path() / "socket")->st_mode & 0777) == 0600);
  }

  TEST_CASE("a crowd of visitors keeps nobody busy") {
    base::TemporaryDirectory scratch;
    LockRequests requests{scratch.path() / "socket"};
    std::vector<std::optional<LockHolder>> crowd;
    for (int i = 0; i < 100; ++i) crowd.push_back(LockHolder::reach(scratch.path() / "socket"));
    CHECK_FALSE(requests.take());
    CHECK_FALSE(readable(requests));
    crowd.front()->ask_to_end("the first");
    CHECK(readable(requests));
    CHECK(requests.take() == "the first");
    crowd.back()->ask_to_end("the last");
    CHECK_FALSE(readable(requests));
    crowd.resize(50);
    crowd.insert(crowd.begin(), LockHolder::reach(scratch.path() / "socket"));
    crowd.front()->ask_to_end("a new one");
    std::optional<std::string> asking;
    while (!asking && readable(requests)) asking = requests.take();
    CHECK(asking == "a new one");
  }
}
