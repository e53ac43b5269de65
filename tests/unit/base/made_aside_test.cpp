#include "base/made_aside.hpp"

#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/sys.hpp"

using namespace compose;

TEST_SUITE("base/made_aside") {
  TEST_CASE("the descriptor that another process made is ours, and where that process went is not") {
    const auto before = base::sys::current_directory();
    const auto pipe = base::sys::make_pipe();
    const auto made = base::made_aside([&] {
      CHECK(::chdir("/proc") == 0);
      return base::sys::duplicate(pipe.write_end.get());
    });
    base::sys::write_all(made.get(), "hello");
    char buffer[5];
    CHECK(base::sys::read_some(pipe.read_end.get(), buffer) == 5);
    CHECK(std::string_view{buffer, 5} == "hello");
    CHECK(base::sys::current_directory() == before);
  }

  TEST_CASE("what went wrong there is said here") {
    CHECK_THROWS_WITH_AS(static_cast<void>(base::made_aside(
                             []() -> base::UniqueFd { base::fail("enter the place: it is closed"); })),
                         "enter the place: it is closed", base::Error);
  }
}
