#include <doctest/doctest.h>

#include "base/error.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/reconcile_steps") {
  TEST_CASE("a first up creates networks, volumes and containers and starts them in order") {
    DesiredState desired = shop();
    add_volume(desired, "data");
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    FakeWorld world;
    check_plan("up_first", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("conditions become one wait each, shared by their dependents") {
    DesiredState desired = shop(Condition::healthy);
    add_service(desired, "init");
    depend(find_service(desired, "web"), "init", Condition::completed_successfully);
    depend(add_service(desired, "worker"), "db", Condition::healthy);
    FakeWorld world;
    check_plan("up_conditions", replan(world, desired));
  }

  TEST_CASE("a dependency that is not required cannot hold anyone back") {
    DesiredState desired = shop(Condition::healthy);
    find_service(desired, "web").dependencies[0].required = false;
    add_service(desired, "extra");
    find_service(desired, "web").dependencies.push_back({.service = "extra", .required = false});
    find_service(desired, "web").dependencies.push_back({.service = "absent", .required = false});
    FakeWorld world;
    check_plan("up_not_required", replan(world, desired));
  }

  TEST_CASE("many replicas depend on many others through one step") {
    DesiredState desired = shop();
    find_service(desired, "db").replicas = 2;
    find_service(desired, "web").replicas = 2;
    FakeWorld world;
    check_plan("up_many_to_many", replan(world, desired));
  }

  TEST_CASE("a dependency with no replicas is not waited for") {
    DesiredState desired = shop(Condition::healthy);
    find_service(desired, "db").replicas = 0;
    FakeWorld world;
    check_plan("up_dependency_scaled_to_zero", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("waiting ends with one step for each service") {
    DesiredState desired = shop(Condition::healthy);
    add_service(desired, "init");
    depend(find_service(desired, "web"), "init", Condition::completed_successfully);
    FakeWorld world;
    check_plan("up_wait", replan(world, desired, {.wait = true}));
    world.settle(desired);
    check_plan("up_wait_unchanged", replan(world, desired, {.wait = true}));
  }

  TEST_CASE("a service cannot share with one that has no container") {
    DesiredState desired = shop();
    find_service(desired, "db").replicas = 0;
    find_service(desired, "web").dependencies[0].shares_namespace = true;
    FakeWorld world;
    CHECK_THROWS_WITH_AS((void)replan(world, desired),
                         "cannot share network namespace with service db: container missing", base::Error);
    find_service(desired, "web").volumes_from.push_back({.service = "db"});
    CHECK_THROWS_WITH_AS((void)replan(world, desired),
                         "cannot share volume with service db: container missing", base::Error);
  }

  TEST_CASE("shared namespaces name the container that stands for the service") {
    DesiredState desired = shop();
    find_service(desired, "web").dependencies[0].shares_namespace = true;
    FakeWorld world;
    CHECK(world.up(desired).ok());
    CHECK(world.calls[1] == "create shop-db-1");
    CHECK(world.calls[2] == "create shop-web-1[db=shop-db-1]");
  }
}
