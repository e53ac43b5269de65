#include <doctest/doctest.h>

#include "base/error.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/reconcile_resources") {
  TEST_CASE("unused networks and volumes are not created") {
    DesiredState desired = shop();
    add_network(desired, "unused");
    add_volume(desired, "unused");
    FakeWorld world;
    check_plan("up_first_without_unused", replan(world, desired));
  }

  TEST_CASE("external networks and volumes have to be there") {
    DesiredState desired = shop();
    desired.networks[0].external = true;
    FakeWorld world;
    CHECK_THROWS_WITH_AS((void)replan(world, desired),
                         "network shop_default declared as external, but could not be found", base::Error);
    desired.networks[0].external = false;
    add_volume(desired, "data");
    desired.volumes[0].external = true;
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    CHECK_THROWS_WITH_AS((void)replan(world, desired), "external volume \"shop_data\" not found",
                         base::Error);
  }

  TEST_CASE("external and foreign networks and volumes are used as they are") {
    DesiredState desired = shop();
    add_volume(desired, "data");
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    FakeWorld world;
    world.settle(desired);
    ObservedState observed = world.observed();
    observed.networks[0] = {.name = "shop_default", .config_hash = "other"};
    observed.volumes[0] = {.name = "shop_data", .config_hash = "other"};
    check_plan("foreign_resources", reconcile(desired, observed));
    desired.networks[0].external = true;
    desired.volumes[0].external = true;
    CHECK(reconcile(desired, observed).warnings().empty());
    CHECK(reconcile(desired, observed).empty());
  }

  TEST_CASE("a changed network is made anew under its containers, which stay") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    world.status_of("shop-web-1").state = rt::ContainerState::exited;
    desired.networks[0].config_hash = "n2";
    check_plan("network_changed", replan(world, desired));
    check_converges(world, desired);
    CHECK(world.container("shop-db-1").id.short_form() == "000000000001");
  }

  TEST_CASE("a changed network together with a changed service") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    desired.networks[0].config_hash = "n2";
    find_service(desired, "web").config_hash = "c2";
    check_plan("network_and_service_changed", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("a half-made network is made again") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    ObservedState observed = world.observed();
    observed.networks[0].complete = false;
    CHECK(to_text(reconcile(desired, observed)) ==
          "#1 create network shop_default (creation was interrupted)\n");
  }

  TEST_CASE("a changed volume is kept until the user agrees to lose it") {
    DesiredState desired = shop();
    add_volume(desired, "data");
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    FakeWorld world;
    world.settle(desired);
    desired.volumes[0].config_hash = "v2";
    CHECK(changed_volumes(desired, world.observed()) == std::vector<std::string>{"shop_data"});
    CHECK(replan(world, desired).empty());
    check_plan("volume_changed", replan(world, desired, {.recreate_volumes = {"shop_data"}}));
    check_converges(world, desired, {.recreate_volumes = {"shop_data"}});
  }
}
