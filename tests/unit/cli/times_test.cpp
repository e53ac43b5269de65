#include "compose/cli/times.hpp"

#include <doctest/doctest.h>

#include "compose/cli/arguments.hpp"

using namespace compose::cli;
using std::chrono::system_clock;

TEST_SUITE("cli/times") {
  const system_clock::time_point k_now{std::chrono::seconds{1'767'323'045}};  // 2026-01-02T03:04:05Z

  TEST_CASE("a moment is a time, unix seconds, or so long ago") {
    CHECK(log_time("2026-01-02T03:04:05Z", k_now) == "2026-01-02T03:04:05.000000000Z");
    CHECK(log_time("2026-01-02", k_now) == "2026-01-02T00:00:00.000000000Z");
    CHECK(log_time("1767323045", k_now) == "2026-01-02T03:04:05.000000000Z");
    CHECK(log_time("1767323045.5", k_now) == "2026-01-02T03:04:05.500000000Z");
    CHECK(log_time("5m", k_now) == "2026-01-02T02:59:05.000000000Z");
  }

  TEST_CASE("a time past is told as an age") {
    CHECK(time_ago("2026-01-02T02:59:05Z", k_now) == "5 minutes ago");
    CHECK(time_ago("", k_now) == "N/A");
  }

  TEST_CASE("anything else is refused") {
    CHECK_THROWS_WITH_AS(static_cast<void>(log_time("yesterday", k_now)),
                         "invalid time \"yesterday\": expected 2026-01-02T03:04:05Z, unix seconds, or 42m",
                         UsageError);
  }
}
