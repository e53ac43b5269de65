#include <doctest/doctest.h>

#include "base/error.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/reconcile_decide") {
  TEST_CASE("another configuration recreates under a temporary name") {
    DesiredState desired = shop();
    FakeWorld world;
    find_service(desired, "web").config = R"({"environment":{"A":"1"}})";
    world.settle(desired);
    find_service(desired, "web").config = R"({"environment":{"A":"2"}})";
    find_service(desired, "web").config_hash = "c2";
    check_plan("recreate_configuration", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("another image recreates, and dependents are stopped before what they depend on") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    find_service(desired, "web").image_id = "sha256:2";
    find_service(desired, "db").image_id = "sha256:2";
    check_plan("recreate_image", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("recreating a dependency leaves its dependents alone") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    find_service(desired, "db").image_id = "sha256:2";
    check_plan("recreate_dependency", replan(world, desired));
  }

  TEST_CASE("dependents that ask for it are restarted, and theirs too") {
    DesiredState desired = shop(Condition::healthy);
    find_service(desired, "web").dependencies[0].restart = true;
    depend(add_service(desired, "proxy"), "web");
    find_service(desired, "proxy").dependencies[0].restart = true;
    FakeWorld world;
    world.on_start["db"] = [](rt::ContainerStatus& s) { s.health = rt::Health::healthy; };
    world.settle(desired);
    find_service(desired, "db").image_id = "sha256:2";
    check_plan("recreate_restarts_dependents", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("dependents that share a namespace are recreated too") {
    DesiredState desired = shop();
    find_service(desired, "web").dependencies[0].shares_namespace = true;
    find_service(desired, "web").attachments.clear();
    FakeWorld world;
    check_converges(world, desired);
    find_service(desired, "db").image_id = "sha256:2";
    check_plan("recreate_shared_namespace", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("a container whose shared namespace is gone is recreated") {
    DesiredState desired = shop();
    find_service(desired, "web").dependencies[0].shares_namespace = true;
    FakeWorld world;
    world.settle(desired);
    world.container("shop-web-1").joins = {rt::ContainerId{"gone"}};
    check_plan("recreate_shared_namespace_gone", replan(world, desired));
  }

  TEST_CASE("a stopped owner of a shared namespace is started and its guests are restarted") {
    DesiredState desired = shop();
    find_service(desired, "web").dependencies[0].shares_namespace = true;
    FakeWorld world;
    world.settle(desired);
    world.status_of("shop-db-1").state = rt::ContainerState::exited;
    check_plan("start_shared_namespace", replan(world, desired));
  }

  TEST_CASE("a container off a network it should be on, or without a volume, is recreated") {
    DesiredState desired = shop();
    add_volume(desired, "data");
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    FakeWorld world;
    world.settle(desired);
    world.container("shop-web-1").networks.clear();
    world.container("shop-db-1").volumes.clear();
    check_plan("recreate_attachments", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("force recreates the named services alone, never recreates nothing") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    check_plan("recreate_forced",
               replan(world, desired, {.selected = {"web"}, .recreate = Recreate::always}));
    check_plan("recreate_forced_with_dependencies", replan(world, desired,
                                                           {.selected = {"web"},
                                                            .recreate = Recreate::always,
                                                            .recreate_dependencies = Recreate::always}));
    find_service(desired, "web").config_hash = "c2";
    check_plan("recreate_never", replan(world, desired, {.recreate = Recreate::never}));
  }

  TEST_CASE("anonymous volumes can be renewed") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    const Plan plan = replan(world, desired,
                             {.selected = {"web"},
                              .recreate = Recreate::always,
                              .renew_anonymous_volumes = true,
                              .stop_grace = std::chrono::seconds{3}});
    check_plan("recreate_renew_anonymous_volumes", plan);
    CHECK(std::get<CreateContainer>(plan.steps()[0].operation).renew_anonymous_volumes);
    CHECK(std::get<StopContainer>(plan.steps()[1].operation).grace == std::chrono::seconds{3});
  }

  TEST_CASE("containers that ended are started, paused ones go on") {
    DesiredState desired = project();
    add_service(desired, "web", 4);
    FakeWorld world;
    world.settle(desired);
    world.status_of("shop-web-1").state = rt::ContainerState::exited;
    world.status_of("shop-web-2").state = rt::ContainerState::paused;
    world.status_of("shop-web-3").state = rt::ContainerState::restarting;
    check_plan("up_states", replan(world, desired));
  }
}
