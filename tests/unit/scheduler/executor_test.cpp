#include "scheduler/executor.hpp"

#include <chrono>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/fake_world.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;
using Lines = std::vector<std::string>;

namespace {

// web -> db
DesiredState shop(Condition condition = Condition::started) {
  DesiredState desired = project();
  check_health(add_service(desired, "db"));
  depend(add_service(desired, "web"), "db", condition);
  return desired;
}

void starts_with_health(FakeWorld& world, const std::string& service) {
  world.on_start[service] = [](rt::ContainerStatus& s) { s.health = rt::Health::starting; };
}

Lines messages(const Outcome& outcome) {
  Lines lines;
  for (const StepFailure& f : outcome.failures) lines.push_back(f.message);
  return lines;
}

}  // namespace

TEST_SUITE("scheduler/executor") {
  TEST_CASE("a first up in calls and words") {
    const DesiredState desired = shop();
    FakeWorld world;
    CHECK(world.up(desired).ok());
    CHECK(world.calls == Lines{"create network shop_default", "create shop-db-1 shop-web-1", "start shop-db-1", "start shop-web-1"});
    CHECK(world.progress == Lines{"Network shop_default Creating", "Network shop_default Created",
                                  "Container shop-db-1 Creating", "Container shop-web-1 Creating",
                                  "Container shop-db-1 Created", "Container shop-web-1 Created",
                                  "Container shop-db-1 Starting", "Container shop-db-1 Started",
                                  "Container shop-web-1 Starting", "Container shop-web-1 Started"});
  }

  TEST_CASE("a second up says that they run and calls nothing") {
    const DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    CHECK(world.up(desired).ok());
    CHECK(world.calls.empty());
    CHECK(world.progress == Lines{"Container shop-db-1 Running", "Container shop-web-1 Running"});
  }

  TEST_CASE("a recreation is told as one") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    find_service(desired, "web").config_hash = "c2";
    CHECK(world.up(desired).ok());
    CHECK(world.calls == Lines{"create 000000000002_shop-web-1", "stop shop-web-1", "remove shop-web-1",
                               "rename 000000000002_shop-web-1", "start shop-web-1"});
    CHECK(world.progress == Lines{"Container shop-db-1 Running", "Container shop-web-1 Recreate", "Container shop-web-1 Recreated",
                                  "Container shop-web-1 Starting", "Container shop-web-1 Started"});
  }

  TEST_CASE("waiting for health wakes up with the change and goes on") {
    const DesiredState desired = shop(Condition::healthy);
    FakeWorld world;
    starts_with_health(world, "db");
    world.events.push_back([&] { world.status_of("shop-db-1").health_output = "not yet"; });
    world.events.push_back([&] { world.status_of("shop-db-1").health = rt::Health::healthy; });
    CHECK(world.up(desired).ok());
    const auto first = std::find(world.progress.begin(), world.progress.end(), "Container shop-db-1 Waiting");
    REQUIRE(first != world.progress.end());
    CHECK(Lines(first, world.progress.end()) == Lines{"Container shop-db-1 Waiting", "Container shop-db-1 Healthy",
                                                      "Container shop-web-1 Starting", "Container shop-web-1 Started"});
  }

  TEST_CASE("a dependency that fails stops its dependents and says why") {
    DesiredState desired = shop(Condition::healthy);
    add_service(desired, "other");
    FakeWorld world;
    starts_with_health(world, "db");
    SUBCASE("it exits") {
      world.events.push_back([&] { world.status_of("shop-db-1") = {.state = rt::ContainerState::exited, .exit_code = 1}; });
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
            "Container shop-db-1 Error dependency failed to start: container shop-db-1 is unhealthy: connection refused");
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
    SUBCASE("both with 0") { code = 0; }
    SUBCASE("the second with 3") { code = 3; }
    world.events.push_back([&] { world.status_of("shop-init-2") = {.state = rt::ContainerState::exited, .exit_code = code}; });
    const Outcome outcome = world.up(desired);
    CHECK(outcome.ok() == (code == 0));
    if (code != 0) CHECK(messages(outcome) == Lines{"service \"init\" didn't complete successfully: exit 3"});
  }

  TEST_CASE("a dependency that is not required only warns") {
    DesiredState desired = shop(Condition::healthy);
    find_service(desired, "web").dependencies[0].required = false;
    FakeWorld world;
    starts_with_health(world, "db");
    world.events.push_back([&] { world.status_of("shop-db-1") = {.state = rt::ContainerState::exited, .exit_code = 1}; });
    const Outcome outcome = world.up(desired);
    CHECK(outcome.ok());
    CHECK(outcome.warnings == Lines{"optional dependency \"db\" failed to start: container shop-db-1 exited (1)"});
    CHECK(world.status_of("shop-web-1").state == rt::ContainerState::running);
  }

  TEST_CASE("a dependency that is not required may even fail to be made") {
    DesiredState desired = shop();
    find_service(desired, "web").dependencies[0].required = false;
    FakeWorld world;
    world.failures["create shop-db-1"] = "no space left";
    const Outcome outcome = world.up(desired);
    CHECK(messages(outcome) == Lines{"container shop-db-1: no space left"});
    CHECK(outcome.warnings == Lines{"optional dependency \"db\" failed to start: container shop-db-1: no space left"});
    CHECK(world.status_of("shop-web-1").state == rt::ContainerState::running);
  }

  TEST_CASE("one failed element of a batch does not stop its neighbours") {
    DesiredState desired = project();
    add_service(desired, "web", 3);
    FakeWorld world;
    world.failures["create shop-web-2"] = "no space left";
    const Outcome outcome = world.up(desired);
    CHECK(messages(outcome) == Lines{"container shop-web-2: no space left"});
    CHECK(outcome.skipped == 1);
    CHECK(world.calls.back() == "start shop-web-1 shop-web-3");
  }

  TEST_CASE("all failures are collected") {
    DesiredState desired = project();
    add_service(desired, "a");
    add_service(desired, "b");
    FakeWorld world;
    world.failures["start shop-a-1"] = "one";
    world.failures["start shop-b-1"] = "two";
    CHECK(messages(world.up(desired)) == Lines{"container shop-a-1: one", "container shop-b-1: two"});
  }

  TEST_CASE("a call that throws fails its whole batch") {
    DesiredState desired = project();
    add_service(desired, "web", 2);
    FakeWorld world;
    world.on_call = [&] {
      if (world.calls.back().starts_with("create shop")) throw base::Error("database is locked");
    };
    const Outcome outcome = world.up(desired);
    CHECK(messages(outcome) == Lines{"container shop-web-1: database is locked", "container shop-web-2: database is locked"});
    CHECK(outcome.skipped == 2);
  }

  TEST_CASE("a failed network fails what is attached to it") {
    const DesiredState desired = shop();
    FakeWorld world;
    world.failures["create network shop_default"] = "no free subnet";
    const Outcome outcome = world.up(desired);
    CHECK(messages(outcome) == Lines{"network shop_default: no free subnet"});
    CHECK(outcome.skipped == 4);
    CHECK(world.progress.back() == "Network shop_default Error no free subnet");
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

  TEST_CASE("an interruption before anything began does nothing") {
    const DesiredState desired = shop();
    FakeWorld world;
    Interrupt interrupt;
    interrupt.request();
    const Outcome outcome = world.run(reconcile(desired, world.observed()), desired, {.interrupt = &interrupt});
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
    const Outcome outcome = world.run(reconcile(desired, world.observed()), desired, {.interrupt = &interrupt});
    CHECK(outcome.interrupted);
    CHECK(outcome.failures.empty());
    CHECK(outcome.skipped == 1);
    CHECK(world.status_of("shop-db-1").state == rt::ContainerState::running);
  }

  TEST_CASE("an interruption ends a wait") {
    const DesiredState desired = shop(Condition::healthy);
    FakeWorld world;
    starts_with_health(world, "db");
    Interrupt interrupt;
    world.events.push_back([&] { interrupt.request(); });
    const Outcome outcome = world.run(reconcile(desired, world.observed()), desired, {.interrupt = &interrupt});
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
    const auto up = [&] { return world.run(reconcile(desired, world.observed(), {.wait = true}), desired, options); };
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
      world.on_start["job"] = [](rt::ContainerStatus& s) { s = {.state = rt::ContainerState::exited, .exit_code = 4}; };
      world.on_start.erase("web");
      CHECK(messages(up()) == Lines{"container shop-job-1 exited (4)"});
    }
    SUBCASE("ends at the timeout and names what was missing") {
      CHECK(messages(up()) == Lines{"application not healthy after 3s: container shop-web-1 is starting"});
    }
    SUBCASE("a container that keeps restarting is never ready") {
      world.on_start["job"] = [](rt::ContainerStatus& s) { s = {.state = rt::ContainerState::restarting, .exit_code = 1}; };
      world.on_start.erase("web");
      CHECK(messages(up()) == Lines{"application not healthy after 3s: container shop-job-1 is restarting (1)"});
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
}
