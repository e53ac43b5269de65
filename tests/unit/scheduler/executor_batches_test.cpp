#include <doctest/doctest.h>

#include "base/error.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/executor_batches") {
  TEST_CASE("a first up in calls and words") {
    const DesiredState desired = shop();
    FakeWorld world;
    CHECK(world.up(desired).ok());
    CHECK(world.calls == Lines{"create network shop_default", "create shop-db-1 shop-web-1",
                               "start shop-db-1", "start shop-web-1"});
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
    CHECK(world.progress == Lines{"Container shop-db-1 Running", "Container shop-web-1 Recreate",
                                  "Container shop-web-1 Recreated", "Container shop-web-1 Starting",
                                  "Container shop-web-1 Started"});
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

  TEST_CASE("a call that throws fails its whole batch") {
    DesiredState desired = project();
    add_service(desired, "web", 2);
    FakeWorld world;
    world.on_call = [&] {
      if (world.calls.back().starts_with("create shop")) throw base::Error("database is locked");
    };
    const Outcome outcome = world.up(desired);
    CHECK(messages(outcome) ==
          Lines{"container shop-web-1: database is locked", "container shop-web-2: database is locked"});
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
}
