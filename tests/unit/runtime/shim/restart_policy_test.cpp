#include "runtime-shim/shim/restart_policy.hpp"

#include <doctest/doctest.h>

using namespace compose::rt;
using namespace std::chrono_literals;

TEST_SUITE("runtime/shim/restart_policy") {
  TEST_CASE("the delay doubles up to a minute and starts over after ten good seconds") {
    RestartBackoff backoff{{.mode = RestartMode::always}};
    for (const auto expected :
         {100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 12800ms, 25600ms, 51200ms, 60000ms, 60000ms})
      CHECK(backoff.next(0, 1s) == expected);
    CHECK(backoff.next(0, 10s) == 100ms);
    CHECK(backoff.next(0, 1s) == 200ms);
    CHECK(backoff.restarts() == 14);
  }

  TEST_CASE("no policy is no restart") {
    CHECK_FALSE(RestartBackoff{{}}.next(1, 0s).has_value());
  }

  TEST_CASE("on-failure restarts after failures only, as often as allowed") {
    RestartBackoff backoff{{.mode = RestartMode::on_failure, .max_retries = 2}};
    CHECK(backoff.next(1, 0s).has_value());
    CHECK(backoff.next(1, 0s).has_value());
    CHECK_FALSE(backoff.next(1, 0s).has_value());
    CHECK_FALSE(RestartBackoff{{.mode = RestartMode::on_failure}}.next(0, 0s).has_value());
  }
}
