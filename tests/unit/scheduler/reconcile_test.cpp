#include "scheduler/reconcile.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/reconcile") {
  TEST_CASE("a second up does nothing and says what runs") {
    const DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    check_plan("up_second", replan(world, desired));
  }

  TEST_CASE("a fixed container name is used and kept") {
    DesiredState desired = shop();
    find_service(desired, "web").container_name = "site";
    FakeWorld world;
    check_plan("up_container_name", replan(world, desired));
    check_converges(world, desired);
    find_service(desired, "web").config_hash = "c2";
    check_plan("recreate_container_name", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("names follow the separator of the compatibility mode") {
    DesiredState desired = project();
    desired.name_separator = '_';
    add_service(desired, "web");
    FakeWorld world;
    check_plan("up_compatibility_names", replan(world, desired));
  }

  TEST_CASE("what is selected comes with its dependencies, or without them") {
    DesiredState desired = shop();
    add_service(desired, "other");
    FakeWorld world;
    check_plan("up_selected", replan(world, desired, {.selected = {"web"}}));
    check_plan("up_selected_without_dependencies",
               replan(world, desired, {.selected = {"web"}, .no_dependencies = true}));
    CHECK_THROWS_WITH_AS((void)replan(world, desired, {.selected = {"nope"}}), "no such service: nope",
                         base::Error);
  }

  TEST_CASE("create makes containers and starts none") {
    DesiredState desired = shop();
    FakeWorld world;
    check_plan("create_only", replan(world, desired, {.start = false}));
    check_converges(world, desired, {.start = false});
    check_plan("up_after_create", replan(world, desired));
  }

  TEST_CASE("orphans are named once, ignored, or removed before anything takes their name or port") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    world.container("shop-web-1").service = "old";
    world.container("shop-web-1").name = "shop-old-1";
    ObservedState observed = world.observed();
    ObservedContainer one_off = observed.containers[0];
    one_off.one_off = true;
    one_off.name = "shop-web-run-0123456789ab";
    one_off.id = rt::ContainerId{"f"};
    one_off.status.state = rt::ContainerState::exited;
    observed.containers.push_back(one_off);
    one_off.status.state = rt::ContainerState::running;
    one_off.id = rt::ContainerId{"e"};
    observed.containers.push_back(one_off);
    find_service(desired, "web").ports.push_back({.published_first = 80, .published_last = 80, .target = 80});
    check_plan("orphans_warning", reconcile(desired, observed));
    check_plan("orphans_ignored", reconcile(desired, observed, {.ignore_orphans = true}));
    check_plan("orphans_removed", reconcile(desired, observed, {.remove_orphans = true}));
  }

  TEST_CASE("disabled services are no orphans") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    desired.services.pop_back();
    CHECK(story_of(replan(world, desired)) == "running shop-db-1\n");
  }
}
