#include "scheduler/plan.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "unit/scheduler/shop.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

TEST_SUITE("scheduler/plan") {
  TEST_CASE("the text form has one line for each step") {
    Plan plan;
    const StepId network = plan.add(CreateNetwork{"default", "shop_default"}, {}, "missing");
    const ContainerRef web{.name = "shop-web-1", .service = "web", .number = 1, .made_by = plan.next_id()};
    const StepId create = plan.add(CreateContainer{.container = web, .created_as = web.name},
                                   {network, network, StepId::none}, "missing");
    plan.add(StartContainer{web}, {create}, "created", create);
    CHECK(to_text(plan) == R"(#1 create network shop_default (missing)
#2 create container shop-web-1 (missing) after #1
#3 start container shop-web-1 (created by #2) after #2
)");
  }

  TEST_CASE("the JSON form says operation, object, service, cause and order") {
    Plan plan;
    const ContainerRef web{.name = "shop-web-1", .service = "web", .number = 1, .id = rt::ContainerId{"a"}};
    plan.add(StopContainer{web}, {}, "down");
    plan.keep(web);
    plan.warn("careful");
    CHECK(to_json_text(plan) == R"({
  "steps": [
    {
      "id": 1,
      "operation": "stop_container",
      "description": "stop container shop-web-1",
      "object": "Container shop-web-1",
      "service": "web",
      "cause": "down",
      "after": []
    }
  ],
  "running": [
    "shop-web-1"
  ],
  "warnings": [
    "careful"
  ]
}
)");
  }

  TEST_CASE("a step cannot wait for itself or a later one") {
    Plan plan;
    CHECK_THROWS_WITH_AS(plan.add(Milestone{"x"}, {StepId{1}}, ""), "step 1 of a plan waits for a later one",
                         base::Error);
  }

  TEST_CASE("joining makes a step only where there are several") {
    Plan plan;
    const StepId a = plan.add(RemoveVolume{"a"}, {}, "down");
    const StepId b = plan.add(RemoveVolume{"b"}, {}, "down");
    CHECK(plan.join({}, "none") == StepId::none);
    CHECK(plan.join({a, StepId::none}, "one") == a);
    CHECK(plan.join({a, b}, "both gone") == StepId{3});
    CHECK(describe(plan.step(StepId{3}).operation) == "both gone");
  }

  TEST_CASE("a cause can be told without numbers") {
    DesiredState desired = project();
    add_service(desired, "web");
    FakeWorld world;
    const auto story = [&] {
      std::vector<std::string> lines;
      const Plan plan = reconcile(desired, world.observed());
      for (const Step& step : plan.steps())
        lines.push_back(base::text("{} ({})", describe(step.operation), cause_without_numbers(plan, step)));
      return lines;
    };
    CHECK(story() == std::vector<std::string>{"create network shop_default (missing)",
                                              "create container shop-web-1 (missing)",
                                              "start container shop-web-1 (created)"});
    world.settle(desired);
    world.status_of("shop-web-1").stopping = true;
    CHECK(story() == std::vector<std::string>{"stop container shop-web-1 (stopping)",
                                              "start container shop-web-1 (stopped)"});
    find_service(desired, "web").image_id = "sha256:2";
    CHECK(story() == std::vector<std::string>{
                         "create container shop-web-1 as 000000000001_shop-web-1 (image changed)",
                         "stop container shop-web-1 (replaced by 000000000001_shop-web-1)",
                         "remove container shop-web-1 (replaced by 000000000001_shop-web-1)",
                         "rename container 000000000001_shop-web-1 to shop-web-1 (replaced 000000000001)",
                         "start container shop-web-1 (created)"});
  }
}
