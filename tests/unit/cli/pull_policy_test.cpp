#include "compose/cli/pull_policy.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::cli;
using namespace std::chrono_literals;

TEST_SUITE("cli/pull_policy") {
  TEST_CASE("what is missing is pulled, unless it is built or must not be") {
    CHECK(must_pull({.policy = ""}));
    CHECK_FALSE(must_pull({.policy = "", .present = true}));
    CHECK_FALSE(must_pull({.policy = "", .builds = true}));
    CHECK(must_pull({.policy = "missing", .builds = true}));
    CHECK_FALSE(must_pull({.policy = "if_not_present", .present = true}));
    CHECK(must_pull({.policy = "always", .present = true}));
    CHECK_FALSE(must_pull({.policy = "never"}));
    CHECK_FALSE(must_pull({.policy = "build"}));
  }

  TEST_CASE("a policy with a time looks at the last pull") {
    const auto now = std::chrono::system_clock::now();
    CHECK_FALSE(must_pull({.policy = "daily", .present = true, .pulled_at = now - 23h, .now = now}));
    CHECK(must_pull({.policy = "daily", .present = true, .pulled_at = now - 25h, .now = now}));
    CHECK_FALSE(must_pull({.policy = "weekly", .present = true, .pulled_at = now - 25h, .now = now}));
    CHECK(must_pull({.policy = "every_1h30m", .present = true, .pulled_at = now - 2h, .now = now}));
    CHECK(must_pull({.policy = "every_1h", .present = true, .now = now}));
    CHECK(must_pull({.policy = "every_1h", .now = now}));
  }

  TEST_CASE("intervals are durations") {
    CHECK(refresh_interval("every_2w") == 14 * 24h);
    CHECK_FALSE(refresh_interval("every_"));
    CHECK_FALSE(refresh_interval("every_soon"));
    CHECK_FALSE(refresh_interval("monthly"));
    CHECK_THROWS_WITH_AS(static_cast<void>(must_pull({.policy = "monthly"})),
                         "invalid pull_policy \"monthly\"", compose::base::Error);
  }
}
