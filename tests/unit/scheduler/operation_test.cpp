#include "scheduler/operation.hpp"

#include <doctest/doctest.h>

using namespace compose;
using namespace compose::sched;

namespace {
const ContainerRef k_web{.name = "shop-web-1", .service = "web", .number = 1, .id = rt::ContainerId{"1"}};
}

TEST_SUITE("scheduler/operation") {
  TEST_CASE("every operation describes itself") {
    CHECK(describe(CreateNetwork{"default", "shop_default"}) == "create network shop_default");
    CHECK(describe(RemoveNetwork{"shop_default"}) == "remove network shop_default");
    CHECK(describe(DisconnectNetwork{k_web, "shop_default"}) ==
          "disconnect container shop-web-1 from shop_default");
    CHECK(describe(ConnectNetwork{k_web, "default", "shop_default"}) ==
          "connect container shop-web-1 to shop_default");
    CHECK(describe(CreateVolume{"data", "shop_data"}) == "create volume shop_data");
    CHECK(describe(RemoveVolume{"shop_data"}) == "remove volume shop_data");
    CHECK(describe(CreateContainer{.container = k_web, .created_as = "shop-web-1"}) ==
          "create container shop-web-1");
    CHECK(describe(CreateContainer{.container = k_web, .created_as = "0_shop-web-1"}) ==
          "create container shop-web-1 as 0_shop-web-1");
    CHECK(describe(StartContainer{k_web}) == "start container shop-web-1");
    CHECK(describe(StopContainer{k_web}) == "stop container shop-web-1");
    CHECK(describe(KillContainer{k_web, 9}) == "kill container shop-web-1 with signal 9");
    CHECK(describe(RestartContainer{k_web}) == "restart container shop-web-1");
    CHECK(describe(PauseContainer{k_web}) == "pause container shop-web-1");
    CHECK(describe(UnpauseContainer{k_web}) == "unpause container shop-web-1");
    CHECK(describe(RemoveContainer{k_web}) == "remove container shop-web-1");
    CHECK(describe(RemoveContainer{k_web, true}) == "remove container shop-web-1 with its anonymous volumes");
    CHECK(describe(RenameContainer{k_web, "a", "b"}) == "rename container a to b");
    CHECK(describe(RunHook{.container = k_web, .phase = "pre_stop", .index = 1}) ==
          "run pre_stop[1] in container shop-web-1");
    CHECK(describe(AwaitCondition{.service = "db", .until = Until::started}) == "await service db started");
    CHECK(describe(AwaitCondition{.service = "db", .until = Until::healthy}) == "await service db healthy");
    CHECK(describe(AwaitCondition{.service = "db", .until = Until::completed_successfully}) ==
          "await service db completed successfully");
    CHECK(describe(AwaitCondition{.service = "db", .until = Until::ready}) == "await service db ready");
    CHECK(describe(Milestone{"service db started"}) == "service db started");
  }

  TEST_CASE("kinds are named and containers are found") {
    CHECK(kind_of(CreateNetwork{}) == "create_network");
    CHECK(kind_of(StopContainer{}) == "stop_container");
    CHECK(kind_of(Milestone{}) == "milestone");
    const Operation start = StartContainer{k_web};
    REQUIRE(container_of(start) != nullptr);
    CHECK(container_of(start)->name == "shop-web-1");
    CHECK(container_of(Operation{RemoveVolume{"x"}}) == nullptr);
  }
}
