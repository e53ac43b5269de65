#include "base/lock_file.hpp"

#include <poll.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose::base;

TEST_SUITE("base/lock_file") {
  TEST_CASE("a lock makes its directory, keeps others out, and stays as a file when it is released") {
    TemporaryDirectory scratch;
    const HostPath path = scratch.path() / "locks/shop";
    CHECK_FALSE(LockFile::is_held(path));
    CHECK_FALSE(sys::exists(path));
    auto lock = LockFile::acquire(path);
    CHECK_FALSE(LockFile::try_acquire(path));
    CHECK(LockFile::is_held(path));
    lock.release();
    CHECK(sys::exists(path));
    CHECK_FALSE(LockFile::is_held(path));
    CHECK(LockFile::try_acquire(path));
  }

  TEST_CASE("who waited for a lock that its holder removed holds a new one") {
    TemporaryDirectory scratch;
    const HostPath path = scratch.path() / "locks/shop";
    auto first = LockFile::acquire(path);
    const pid_t waiting = ::fork();
    if (waiting == 0) {
      const auto second = LockFile::acquire(path);
      ::_exit(sys::exists(path) && !LockFile::try_acquire(path) ? 0 : 1);
    }
    // Whether it sits in flock(2) by now or comes later and finds no file: both must end well.
    CHECK(::poll(nullptr, 0, 20) == 0);
    first.remove();
    int status = -1;
    REQUIRE(::waitpid(waiting, &status, 0) == waiting);
    CHECK(status == 0);
  }

  TEST_CASE("who waits for a lock is woken again and again meanwhile") {
    TemporaryDirectory scratch;
    const HostPath path = scratch.path() / "shop";
    auto first = LockFile::acquire(path);
    int ticks = 0;
    auto second = LockFile::acquire(path, std::chrono::milliseconds{1}, [&] {
      if (++ticks == 3) first.release();
    });
    CHECK(ticks == 3);
    CHECK_FALSE(LockFile::try_acquire(path));
    itimerval timer{};
    REQUIRE(::getitimer(ITIMER_REAL, &timer) == 0);
    CHECK(timer.it_interval.tv_usec == 0);
  }
}
