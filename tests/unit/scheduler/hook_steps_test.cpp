#include "scheduler/hook_steps.hpp"

#include <doctest/doctest.h>

#include "scheduler/lifecycle.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

namespace {

// web has two hooks after its start and one before its stop
DesiredState shop_with_hooks() {
  DesiredState desired = shop();
  find_service(desired, "web").post_start = {{.argv = {"warm"}}, {.argv = {"register"}}};
  find_service(desired, "web").pre_stop = {{.argv = {"drain"}}};
  return desired;
}

}  // namespace

TEST_SUITE("scheduler/hook_steps") {
  TEST_CASE("hooks run around a recreation, in their order") {
    DesiredState desired = shop_with_hooks();
    FakeWorld world;
    world.settle(desired);
    find_service(desired, "web").config_hash = "c2";
    check_plan("hooks_recreate", replan(world, desired));
    check_converges(world, desired);
    CHECK(world.calls.back() == "run register in shop-web-1");
  }

  TEST_CASE("hooks run in stop, restart and start") {
    const DesiredState desired = shop_with_hooks();
    const ServiceGraph graph = ServiceGraph::of(desired);
    FakeWorld world;
    world.settle(desired);
    check_plan("hooks_down", plan_down(world.observed(), graph, {}));
    check_plan("hooks_restart", plan_restart(world.observed(), graph, {}));
    world.status_of("shop-web-1").state = rt::ContainerState::exited;
    check_plan("hooks_start", plan_start(world.observed(), graph, {}));
    check_plan("hooks_down_stopped", plan_down(world.observed(), graph, {}));
  }

  TEST_CASE("a failing hook is the service's failure") {
    const DesiredState desired = shop_with_hooks();
    FakeWorld world;
    world.failures["run warm in shop-web-1"] = "exited with status 127";
    CHECK(messages(world.up(desired)) ==
          Lines{"service \"web\": post_start[0] \"warm\" in container shop-web-1: exited with status 127"});
    CHECK(world.calls.back() == "run warm in shop-web-1");
  }

  TEST_CASE("where hooks cannot be run, a plan with hooks fails at them") {
    const DesiredState desired = shop_with_hooks();
    FakeWorld world;
    world.has_hooks = false;
    CHECK(messages(world.up(desired)) == Lines{"service \"web\": post_start[0] \"warm\" in container "
                                               "shop-web-1: hooks cannot be run by this command"});
  }
}
