// What commands leave behind when they are killed, and how the next one puts it right.
#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/fake_world.hpp"
#include "support/plan_story.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

namespace {

DesiredState interrupted_shop() {
  DesiredState desired = project();
  add_service(desired, "web", 2);
  return desired;
}

DesiredState changed_everywhere(DesiredState desired) {
  find_service(desired, "web").config_hash = "c2";
  desired.networks[0].config_hash = "n2";
  return desired;
}

void check_repaired(FakeWorld& world, const DesiredState& desired) {
  CHECK(world.up(desired).ok());
  CHECK(reconcile(desired, world.observed()).empty());
  const ObservedState observed = world.observed();
  CHECK(observed.containers.size() == 2);
  CHECK(world.container("shop-web-1").status.state == rt::ContainerState::running);
  CHECK(world.container("shop-web-2").status.state == rt::ContainerState::running);
}

}  // namespace

TEST_SUITE("scheduler/interrupted") {
  TEST_CASE("a half-made container is removed and made again under its number") {
    const DesiredState desired = interrupted_shop();
    FakeWorld world;
    world.settle(desired);
    world.container("shop-web-2").complete = false;
    world.status_of("shop-web-2").state = rt::ContainerState::created;
    check_plan("repair_half_made", reconcile(desired, world.observed()));
    check_repaired(world, desired);
  }

  TEST_CASE("a container that lost its shim is started again") {
    const DesiredState desired = interrupted_shop();
    FakeWorld world;
    world.settle(desired);
    world.container("shop-web-1").broken = true;
    world.status_of("shop-web-1").state = rt::ContainerState::exited;
    world.container("shop-web-2").broken = true;
    check_plan("repair_broken", reconcile(desired, world.observed()));
    check_repaired(world, desired);
  }

  TEST_CASE("a container that is stopping still is started when it has stopped") {
    const DesiredState desired = interrupted_shop();
    FakeWorld world;
    world.settle(desired);
    world.status_of("shop-web-1").stopping = true;
    check_plan("repair_stopping", reconcile(desired, world.observed()));
    check_repaired(world, desired);
  }

  TEST_CASE("a recreation killed after its creation begins again") {
    DesiredState desired = interrupted_shop();
    FakeWorld world;
    world.settle(desired);
    find_service(desired, "web").config_hash = "c2";
    world.failures["stop shop-web-1"] = "killed";
    world.failures["stop shop-web-2"] = "killed";
    CHECK_FALSE(world.up(desired).ok());
    world.failures.clear();
    check_plan("repair_recreation_begun", reconcile(desired, world.observed()));
    check_repaired(world, desired);
  }

  TEST_CASE("a recreation killed before its renaming gets its name") {
    DesiredState desired = interrupted_shop();
    FakeWorld world;
    world.settle(desired);
    find_service(desired, "web").config_hash = "c2";
    const Plan plan = reconcile(desired, world.observed());
    world.failures["rename 000000000001_shop-web-1"] = "killed";
    world.failures["rename 000000000002_shop-web-2"] = "killed";
    CHECK_FALSE(world.run(plan, desired).ok());
    world.failures.clear();
    check_plan("repair_recreation_not_renamed", reconcile(desired, world.observed()));
    check_repaired(world, desired);
  }

  TEST_CASE("any single failure leaves a state that the next up repairs") {
    const DesiredState desired = interrupted_shop();
    const DesiredState changed = changed_everywhere(desired);
    FakeWorld model;
    model.settle(desired);
    CHECK(model.up(changed).ok());
    for (const std::string& attempt : model.attempts) {
      CAPTURE(attempt);
      FakeWorld world;
      world.settle(desired);
      world.failures[attempt] = "broken";
      CHECK_FALSE(world.up(changed).ok());
      world.failures.clear();
      check_repaired(world, changed);
    }
  }

  TEST_CASE("a command killed before any of its calls leaves a state that the next up repairs") {
    const DesiredState desired = interrupted_shop();
    const DesiredState changed = changed_everywhere(desired);
    FakeWorld model;
    model.settle(desired);
    CHECK(model.up(changed).ok());
    for (std::size_t killed_at = 0; killed_at < model.calls.size(); ++killed_at) {
      CAPTURE(killed_at);
      FakeWorld world;
      world.settle(desired);
      world.on_call = [&] {
        if (world.calls.size() > killed_at) throw base::Error("killed");
      };
      CHECK_FALSE(world.up(changed).ok());
      world.on_call = nullptr;
      check_repaired(world, changed);
    }
  }
}
