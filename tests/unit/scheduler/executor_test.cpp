#include "scheduler/executor.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "scheduler/lifecycle.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/executor") {
  TEST_CASE("all failures are collected") {
    DesiredState desired = project();
    add_service(desired, "a");
    add_service(desired, "b");
    FakeWorld world;
    world.failures["start shop-a-1"] = "one";
    world.failures["start shop-b-1"] = "two";
    CHECK(messages(world.up(desired)) == Lines{"container shop-a-1: one", "container shop-b-1: two"});
  }

  TEST_CASE("a failed stop keeps what depends on it from going on") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    find_service(desired, "web").config_hash = "c2";
    world.failures["stop shop-web-1"] = "operation not permitted";
    CHECK(messages(world.up(desired)) == Lines{"container shop-web-1: operation not permitted"});
    CHECK(world.status_of("shop-web-1").state == rt::ContainerState::running);
  }

  TEST_CASE("the starts that come next are told ahead") {
    DesiredState desired = project();
    add_service(desired, "a", 2);
    depend(add_service(desired, "b", 2), "a");
    depend(add_service(desired, "c"), "b");
    FakeWorld world;
    CHECK(world.up(desired).ok());
    CHECK(world.foreseen == Lines{"shop-b-1 shop-b-2", "shop-c-1"});
  }

  TEST_CASE("a start that waits for more than other starts is not told ahead") {
    DesiredState desired = shop(Condition::healthy);
    depend(add_service(desired, "late"), "web");
    find_service(desired, "web").post_start.push_back({.argv = {"true"}});
    FakeWorld world;
    world.on_start["db"] = [](rt::ContainerStatus& s) { s.health = rt::Health::healthy; };
    CHECK(world.up(desired).ok());
    CHECK(world.foreseen.empty());
  }

  TEST_CASE("an interruption before anything began does nothing") {
    const DesiredState desired = shop();
    FakeWorld world;
    Interrupt interrupt;
    interrupt.request();
    const Outcome outcome =
        world.run(reconcile(desired, world.observed()), desired, {.interrupt = &interrupt});
    CHECK(outcome.interrupted);
    CHECK_FALSE(outcome.ok());
    CHECK(outcome.skipped == 5);
    CHECK(world.calls.empty());
  }

  TEST_CASE("an interruption lets what has begun finish and launches nothing more") {
    const DesiredState desired = shop();
    FakeWorld world;
    Interrupt interrupt;
    world.on_call = [&] {
      if (world.calls.back() == "start shop-db-1") interrupt.request();
    };
    const Outcome outcome =
        world.run(reconcile(desired, world.observed()), desired, {.interrupt = &interrupt});
    CHECK(outcome.interrupted);
    CHECK(outcome.failures.empty());
    CHECK(outcome.skipped == 1);
    CHECK(world.status_of("shop-db-1").state == rt::ContainerState::running);
  }

  TEST_CASE("an interruption that finds nothing left to do is none") {
    const DesiredState desired = shop();
    FakeWorld world;
    Interrupt interrupt;
    world.on_call = [&] {
      if (world.calls.back() == "start shop-web-1") interrupt.request();
    };
    const Outcome outcome =
        world.run(reconcile(desired, world.observed()), desired, {.interrupt = &interrupt});
    CHECK_FALSE(outcome.interrupted);
    CHECK(outcome.ok());
  }

  TEST_CASE("an interruption does not wait for the end of what stops, and tells what it left to itself") {
    DesiredState desired = project();
    add_service(desired, "web", 3);
    FakeWorld world;
    world.settle(desired);
    world.lingering = {"stop shop-web-1", "stop shop-web-3"};
    Interrupt interrupt;
    world.events.push_back([&] { interrupt.request(); });
    const ServiceGraph graph = ServiceGraph::of(desired);
    const auto run = [&](const Plan& plan) { return world.run(plan, desired, {.interrupt = &interrupt}); };
    SUBCASE("of a down, which removes nothing") {
      const Outcome outcome = run(plan_down(world.observed(), graph, {}));
      CHECK(outcome.interrupted);
      CHECK(outcome.failures.empty());
      CHECK(outcome.going_on == std::vector{StepId{1}, StepId{3}});
      CHECK(outcome.not_started.empty());
      CHECK(world.calls == Lines{"stop shop-web-1 shop-web-2 shop-web-3"});
      CHECK(world.progress.back() == "Container shop-web-2 Stopped");
    }
    SUBCASE("of a restart, which starts nothing") {
      const Outcome outcome = run(plan_restart(world.observed(), graph, {}));
      CHECK(outcome.interrupted);
      CHECK(outcome.failures.empty());
      CHECK(outcome.going_on == std::vector{StepId{1}, StepId{3}});
      CHECK(outcome.not_started == std::vector{StepId{2}});
      CHECK(world.calls == Lines{"stop shop-web-1 shop-web-2 shop-web-3"});
      CHECK(world.progress.back() == "Container shop-web-3 Restarting");
    }
  }

  TEST_CASE("an interruption does not wait for the end of a hook") {
    DesiredState desired = project();
    add_service(desired, "web").post_start.push_back({.argv = {"sleep"}});
    FakeWorld world;
    world.lingering = {"run sleep in shop-web-1"};
    Interrupt interrupt;
    world.events.push_back([&] { interrupt.request(); });
    const Plan plan = reconcile(desired, world.observed());
    const Outcome outcome = world.run(plan, desired, {.interrupt = &interrupt});
    CHECK(outcome.interrupted);
    CHECK(outcome.failures.empty());
    REQUIRE(outcome.going_on.size() == 1);
    CHECK(describe(plan.step(outcome.going_on.front()).operation) ==
          "run post_start[0] in container shop-web-1");
  }
}
