#include "base/lock_file.hpp"

#include <future>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"

using namespace compose::base;

TEST_SUITE("base/lock_file") {
  TEST_CASE("a lock makes its directory, keeps others out, and stays as a file when it is released") {
    TemporaryDirectory scratch;
    const HostPath path = scratch.path() / "locks/shop";
    auto lock = LockFile::acquire(path);
    CHECK_FALSE(LockFile::try_acquire(path));
    lock.release();
    CHECK(sys::exists(path));
    CHECK(LockFile::try_acquire(path));
  }

  TEST_CASE("who waited for a lock that its holder removed holds a new one") {
    TemporaryDirectory scratch;
    const HostPath path = scratch.path() / "locks/shop";
    auto first = LockFile::acquire(path);
    auto waiting = std::async(std::launch::async, [&] { return LockFile::acquire(path); });
    // Until it sits in flock(2), or comes later and finds no file: both must end well.
    CHECK(waiting.wait_for(std::chrono::milliseconds{20}) == std::future_status::timeout);
    first.remove();
    const auto second = waiting.get();
    CHECK(sys::exists(path));
    CHECK_FALSE(LockFile::try_acquire(path));
  }
}
