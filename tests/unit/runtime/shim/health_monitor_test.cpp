#include "runtime-shim/shim/health_monitor.hpp"

#include <doctest/doctest.h>

using namespace compose::rt;

TEST_SUITE("runtime/shim/health_monitor") {
  TEST_CASE("one success makes healthy, failures in a row make unhealthy") {
    HealthJudge judge{3};
    CHECK(judge.after(false, false) == Health::starting);
    CHECK(judge.after(true, false) == Health::healthy);
    CHECK(judge.after(false, false) == Health::healthy);
    CHECK(judge.after(false, false) == Health::healthy);
    CHECK(judge.after(false, false) == Health::unhealthy);
    CHECK(judge.after(true, false) == Health::healthy);
  }

  TEST_CASE("failures in the start period do not count until the first success") {
    HealthJudge judge{1};
    CHECK(judge.after(false, true) == Health::starting);
    CHECK(judge.after(false, false) == Health::unhealthy);
    HealthJudge early{1};
    CHECK(early.after(true, true) == Health::healthy);
    CHECK(early.after(false, true) == Health::unhealthy);
  }
}
