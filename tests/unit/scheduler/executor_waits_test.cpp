#include <algorithm>
#include <chrono>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/executor_waits") {
  TEST_CASE("waiting for health wakes up with the change and goes on") {
    const DesiredState desired = shop(Condition::healthy);
    FakeWorld world;
    starts_with_health(world, "db");
    world.events.push_back([&] { world.status_of("shop-db-1").health_output = "not yet"; });
    world.events.push_back([&] { world.status_of("shop-db-1").health = rt::Health::healthy; });
    CHECK(world.up(desired).ok());
    const auto first = std::find(world.progress.begin(), world.progress.end(), "Container shop-db-1 Waiting");
    REQUIRE(first != world.progress.end());
    CHECK(Lines(first, world.progress.end()) ==
          Lines{"Container shop-db-1 Waiting", "Container shop-db-1 Healthy", "Container shop-web-1 Starting",
                "Container shop-web-1 Started"});
  }

  TEST_CASE("a dependency that fails stops its dependents and says why") {
    DesiredState desired = shop(Condition::healthy);
    add_service(desired, "other");
    FakeWorld world;
    starts_with_health(world, "db");
    SUBCASE("it exits") {
      world.events.push_back(
          [&] { world.status_of("shop-db-1") = {.state = rt::ContainerState::exited, .exit_code = 1}; });
      const Outcome outcome = world.up(desired);
      CHECK(messages(outcome) == Lines{"dependency failed to start: container shop-db-1 exited (1)"});
      CHECK(outcome.skipped == 1);
    }
    SUBCASE("it is unhealthy") {
      world.events.push_back([&] {
        world.status_of("shop-db-1").health = rt::Health::unhealthy;
        world.status_of("shop-db-1").health_output = "connection refused\n";
      });
      CHECK(messages(world.up(desired)) ==
            Lines{"dependency failed to start: container shop-db-1 is unhealthy: connection refused"});
      CHECK(world.progress.back() ==
            "Container shop-db-1 Error dependency failed to start: container shop-db-1 is unhealthy: "
            "connection refused");
    }
    SUBCASE("it has no health check") {
      world.on_start.clear();
      CHECK(messages(world.up(desired)) ==
            Lines{"dependency failed to start: container shop-db-1 has no healthcheck configured"});
    }
    SUBCASE("it does not even start") {
      world.failures["start shop-db-1"] = "exec '/nope': No such file or directory";
      const Outcome outcome = world.up(desired);
      CHECK(messages(outcome) == Lines{"container shop-db-1: exec '/nope': No such file or directory"});
      CHECK(outcome.skipped == 2);
    }
    CHECK(world.status_of("shop-web-1").state == rt::ContainerState::created);
    CHECK(world.status_of("shop-other-1").state == rt::ContainerState::running);
  }

  TEST_CASE("a one-shot dependency has to end well, every replica of it") {
    DesiredState desired = project();
    add_service(desired, "init", 2);
    depend(add_service(desired, "web"), "init", Condition::completed_successfully);
    FakeWorld world;
    world.events.push_back([&] { world.status_of("shop-init-1") = {.state = rt::ContainerState::exited}; });
    int code = 0;
    SUBCASE("both with 0") {
      code = 0;
    }
    SUBCASE("the second with 3") {
      code = 3;
    }
    world.events.push_back(
        [&] { world.status_of("shop-init-2") = {.state = rt::ContainerState::exited, .exit_code = code}; });
    const Outcome outcome = world.up(desired);
    CHECK(outcome.ok() == (code == 0));
    if (code != 0) CHECK(messages(outcome) == Lines{"service \"init\" didn't complete successfully: exit 3"});
  }

  TEST_CASE("a dependency that is not required only warns") {
    DesiredState desired = shop(Condition::healthy);
    find_service(desired, "web").dependencies[0].required = false;
    FakeWorld world;
    starts_with_health(world, "db");
    world.events.push_back(
        [&] { world.status_of("shop-db-1") = {.state = rt::ContainerState::exited, .exit_code = 1}; });
    const Outcome outcome = world.up(desired);
    CHECK(outcome.ok());
    CHECK(outcome.warnings ==
          Lines{"optional dependency \"db\" failed to start: container shop-db-1 exited (1)"});
    CHECK(std::ranges::count(world.progress, "Container shop-db-1 Skipped") == 1);
    CHECK(world.status_of("shop-web-1").state == rt::ContainerState::running);
  }

  TEST_CASE("a dependency that is not required may even fail to be made") {
    DesiredState desired = shop();
    find_service(desired, "web").dependencies[0].required = false;
    FakeWorld world;
    world.failures["create shop-db-1"] = "no space left";
    const Outcome outcome = world.up(desired);
    CHECK(messages(outcome) == Lines{"container shop-db-1: no space left"});
    CHECK(outcome.warnings ==
          Lines{"optional dependency \"db\" failed to start: container shop-db-1: no space left"});
    CHECK(world.status_of("shop-web-1").state == rt::ContainerState::running);
  }

  TEST_CASE("an interruption ends a wait") {
    const DesiredState desired = shop(Condition::healthy);
    FakeWorld world;
    starts_with_health(world, "db");
    Interrupt interrupt;
    world.events.push_back([&] { interrupt.request(); });
    const Outcome outcome =
        world.run(reconcile(desired, world.observed()), desired, {.interrupt = &interrupt});
    CHECK(outcome.interrupted);
    CHECK(outcome.failures.empty());
    CHECK(outcome.skipped == 2);
  }

  TEST_CASE("--wait") {
    DesiredState desired = project();
    check_health(add_service(desired, "web"));
    add_service(desired, "job");
    FakeWorld world;
    starts_with_health(world, "web");
    ExecuteOptions options{.wait_timeout = std::chrono::seconds{3}};
    const auto up = [&] {
      return world.run(reconcile(desired, world.observed(), {.wait = true}), desired, options);
    };
    SUBCASE("ends when everything is healthy or running") {
      world.events.push_back([&] { world.status_of("shop-web-1").health = rt::Health::healthy; });
      CHECK(up().ok());
    }
    SUBCASE("takes a one-shot that ended with 0 for a success") {
      world.on_start["job"] = [](rt::ContainerStatus& s) { s = {.state = rt::ContainerState::exited}; };
      world.on_start.erase("web");
      CHECK(up().ok());
    }
    SUBCASE("names what exited") {
      world.on_start["job"] = [](rt::ContainerStatus& s) {
        s = {.state = rt::ContainerState::exited, .exit_code = 4};
      };
      world.on_start.erase("web");
      CHECK(messages(up()) == Lines{"container shop-job-1 exited (4)"});
    }
    SUBCASE("ends at the timeout and names what was missing") {
      CHECK(messages(up()) == Lines{"application not healthy after 3s: container shop-web-1 is starting"});
    }
    SUBCASE("a container that keeps restarting is never ready") {
      world.on_start["job"] = [](rt::ContainerStatus& s) {
        s = {.state = rt::ContainerState::restarting, .exit_code = 1};
      };
      world.on_start.erase("web");
      CHECK(messages(up()) ==
            Lines{"application not healthy after 3s: container shop-job-1 is restarting (1)"});
    }
  }

  TEST_CASE("the same container is not asked for again once it is decided") {
    DesiredState desired = project();
    check_health(add_service(desired, "db", 2));
    depend(add_service(desired, "web"), "db", Condition::healthy);
    FakeWorld world;
    starts_with_health(world, "db");
    world.events.push_back([&] { world.status_of("shop-db-1").health = rt::Health::healthy; });
    // The first has been healthy once, which is what was asked for.
    world.events.push_back([&] { world.status_of("shop-db-1").health = rt::Health::unhealthy; });
    world.events.push_back([&] { world.status_of("shop-db-2").health = rt::Health::healthy; });
    CHECK(world.up(desired).ok());
  }

  TEST_CASE("it is told once when nothing is left but waiting") {
    DesiredState desired = shop(Condition::healthy);
    check_health(find_service(desired, "web"));
    FakeWorld world;
    starts_with_health(world, "db");
    starts_with_health(world, "web");
    world.events.push_back([&] { world.status_of("shop-db-1").health = rt::Health::healthy; });
    Lines told;
    ExecuteOptions options;
    options.when_only_waiting = [&](const Outcome& so_far) -> Task<void> {
      told.push_back(world.calls.back() + base::text(", {} failures", so_far.failures.size()));
      world.events.push_back([&] { world.status_of("shop-web-1").health = rt::Health::healthy; });
      co_return;
    };
    const auto up = [&](const ReconcileOptions& how) {
      return world.run(reconcile(desired, world.observed(), how), desired, options);
    };
    SUBCASE("after the last start, not while a start waits for a condition") {
      CHECK(up({.wait = true}).ok());
      CHECK(told == Lines{"start shop-web-1, 0 failures"});
    }
    SUBCASE("not where nothing waits at the end") {
      CHECK(up({}).ok());
      CHECK(told.empty());
    }
    SUBCASE("with what has failed") {
      add_service(desired, "other");
      world.failures["start shop-other-1"] = "broken";
      CHECK(messages(up({.wait = true})) == Lines{"container shop-other-1: broken"});
      CHECK(told == Lines{"start shop-web-1, 1 failures"});
    }
    SUBCASE("at once where nothing has to be changed") {
      world.settle(desired);
      world.calls.emplace_back("nothing");
      world.status_of("shop-web-1").health = rt::Health::starting;
      CHECK(up({.wait = true}).ok());
      CHECK(told == Lines{"nothing, 0 failures"});
    }
  }
}
