#include "compose/cli/interruption.hpp"

#include <doctest/doctest.h>

using namespace compose;
using namespace compose::cli;

namespace {

sched::ContainerRef replica(const std::string& name) {
  return {.name = name, .service = "web", .number = 1, .id = rt::ContainerId{name}};
}

}  // namespace

TEST_SUITE("interruption") {
  TEST_CASE("what goes on is said, and what goes on from there") {
    sched::Plan plan;
    const auto one = plan.add(sched::StopContainer{replica("shop-a-1")}, {}, "down");
    const auto two = plan.add(sched::RestartContainer{replica("shop-b-1")}, {}, "restart");
    const auto hook = plan.add(sched::RunHook{replica("shop-c-1"), "pre_stop"}, {}, "down");
    const auto begun = plan.add(sched::RestartContainer{replica("shop-d-1")}, {}, "restart");
    const auto begun_too = plan.add(sched::RestartContainer{replica("shop-e-1")}, {}, "restart");
    sched::Outcome outcome{.interrupted = true};
    CHECK(interruption_text(plan, outcome, "down").empty());
    SUBCASE("one container") {
      outcome.going_on = {one};
      CHECK(interruption_text(plan, outcome, "down") ==
            "interrupted: container shop-a-1 is still stopping, and is killed when its time is over; "
            "\"compose down\" goes on from there");
    }
    SUBCASE("several") {
      outcome.going_on = {one, two};
      CHECK(
          interruption_text(plan, outcome, "stop") ==
          "interrupted: containers shop-a-1, shop-b-1 are still stopping, and are killed when their time is "
          "over; \"compose stop\" goes on from there");
    }
    SUBCASE("everything") {
      outcome.going_on = {hook, one};
      outcome.not_started = {begun};
      CHECK(
          interruption_text(plan, outcome, "restart") ==
          "interrupted: container shop-a-1 is still stopping, and is killed when its time is over; a hook "
          "goes on in container shop-c-1; container shop-d-1 is not started again; \"compose restart\" goes "
          "on from there");
    }
    SUBCASE("what was stopped alone") {
      outcome.not_started = {begun, begun_too};
      CHECK(interruption_text(plan, outcome, "restart") ==
            "interrupted: containers shop-d-1, shop-e-1 are not started again; \"compose restart\" goes on "
            "from there");
    }
  }
}
