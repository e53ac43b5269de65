#include "scheduler/lifecycle.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/fake_world.hpp"
#include "support/plan_story.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

namespace {

// web -> api -> db, with a volume
struct Stack {
  DesiredState desired = project();
  FakeWorld world;
  ServiceGraph graph;

  Stack() : graph(ServiceGraph::build({})) {
    add_volume(desired, "data");
    check_health(add_service(desired, "db"));
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    depend(add_service(desired, "api", 2), "db", Condition::healthy);
    depend(add_service(desired, "web"), "api");
    find_service(desired, "web").dependencies[0].restart = true;
    world.settle(desired);
    graph = ServiceGraph::of(desired);
  }
  void stop(const std::string& name) { world.status_of(name).state = rt::ContainerState::exited; }
};

}  // namespace

TEST_SUITE("scheduler/lifecycle") {
  TEST_CASE("down stops dependents first and removes everything but volumes") {
    Stack s;
    s.stop("shop-api-1");
    const Plan plan = plan_down(s.world.observed(), s.graph, {.known_services = s.desired.known_services});
    check_plan("down", plan);
    CHECK(s.world.run(plan, s.desired).ok());
    CHECK(s.world.observed().containers.empty());
    CHECK(s.world.observed().networks.empty());
    CHECK(s.world.observed().volumes.size() == 1);
  }

  TEST_CASE("down with volumes removes declared and anonymous ones, never external ones") {
    Stack s;
    check_plan("down_volumes", plan_down(s.world.observed(), s.graph, {.remove_volumes = true}));
    check_plan("down_external",
               plan_down(s.world.observed(), s.graph,
                         {.remove_volumes = true, .external = {"shop_data", "shop_default"}}));
  }

  TEST_CASE("down of a service takes its dependents along and leaves what others use") {
    Stack s;
    check_plan("down_service",
               plan_down(s.world.observed(), s.graph, {.services = {"api"}, .remove_volumes = true}));
    CHECK_THROWS_WITH_AS((void)plan_down(s.world.observed(), s.graph, {.services = {"nope"}}),
                         "no such service: nope", base::Error);
  }

  TEST_CASE("down leaves orphans and disabled services unless told otherwise") {
    Stack s;
    s.world.container("shop-web-1").service = "old";
    const ServiceGraph graph = s.graph.only(std::vector<std::string>{"db"});
    DownOptions options{.known_services = {"db", "api"}};
    check_plan("down_orphan_stays", plan_down(s.world.observed(), graph, options));
    options.remove_orphans = true;
    check_plan("down_orphan_removed", plan_down(s.world.observed(), graph, options));
  }

  TEST_CASE("down without a file follows the labels") {
    Stack s;
    for (const char* name : {"shop-api-1", "shop-api-2"})
      s.world.container(name).labels["com.docker.compose.depends_on"] = "db:service_healthy:false";
    const ObservedState observed = s.world.observed();
    check_plan("down_from_labels", plan_down(observed, ServiceGraph::of(observed), {}));
  }

  TEST_CASE("down with nothing there is an empty plan") {
    CHECK(plan_down({}, ServiceGraph::build({}), {}).empty());
  }

  TEST_CASE("something still in use is a warning") {
    Stack s;
    const Plan plan = plan_down(s.world.observed(), s.graph, {});
    s.world.failures["remove network shop_default"] = std::string{k_still_in_use};
    const Outcome outcome = s.world.run(plan, s.desired);
    CHECK(outcome.ok());
    CHECK(outcome.warnings == std::vector<std::string>{"network shop_default: Resource is still in use"});
    CHECK(s.world.progress.back() == "Network shop_default Resource is still in use");
  }

  TEST_CASE("stop touches the named services only, dependents first") {
    Stack s;
    check_plan("stop_all", plan_stop(s.world.observed(), s.graph, {}));
    check_plan("stop_named", plan_stop(s.world.observed(), s.graph, {.services = {"db", "web"}}));
  }

  TEST_CASE("start brings dependencies along and waits for their conditions") {
    Stack s;
    for (const char* name : {"shop-db-1", "shop-api-1", "shop-web-1"}) s.stop(name);
    check_plan("start_all", plan_start(s.world.observed(), s.graph, {}));
    check_plan("start_named", plan_start(s.world.observed(), s.graph, {.services = {"api"}, .wait = true}));
  }

  TEST_CASE("start waits for the end of what is stopping, whose hooks are not run again") {
    Stack s;
    s.world.status_of("shop-db-1").stopping = true;
    s.world.container("shop-db-1").hooks.pre_stop.push_back({.argv = {"true"}});
    check_plan("start_stopping", plan_start(s.world.observed(), s.graph, {}));
    check_plan("restart_stopping", plan_restart(s.world.observed(), s.graph, {.services = {"db"}}));
  }

  TEST_CASE("start needs containers") {
    Stack s;
    ObservedState observed = s.world.observed();
    std::erase_if(observed.containers, [](const ObservedContainer& c) { return c.service == "web"; });
    CHECK_THROWS_WITH_AS((void)plan_start(observed, s.graph, {}), "service \"web\" has no container to start",
                         base::Error);
    CHECK(plan_start(observed, s.graph, {.may_be_empty = {"web"}}).empty());
    CHECK(plan_start(observed, s.graph, {.services = {"api"}}).empty());
  }

  TEST_CASE("restart goes forward and takes along dependents that ask for it") {
    Stack s;
    check_plan("restart_named", plan_restart(s.world.observed(), s.graph, {.services = {"api"}}));
    check_plan("restart_no_dependents",
               plan_restart(s.world.observed(), s.graph, {.services = {"api"}, .no_dependencies = true}));
    check_plan("restart_all", plan_restart(s.world.observed(), s.graph, {}));
  }

  TEST_CASE("a restart is a stop and a start, told as one") {
    Stack s;
    const Outcome outcome =
        s.world.run(plan_restart(s.world.observed(), s.graph, {.services = {"db"}}), s.desired);
    CHECK(outcome.ok());
    CHECK(s.world.calls == std::vector<std::string>{"stop shop-db-1", "start shop-db-1"});
    CHECK(s.world.progress ==
          std::vector<std::string>{"Container shop-db-1 Restarting", "Container shop-db-1 Started"});
  }

  TEST_CASE("kill takes running containers, all at once") {
    Stack s;
    s.stop("shop-api-2");
    check_plan("kill", plan_kill(s.world.observed(), s.graph, {.signal = 2}));
    check_plan("kill_named", plan_kill(s.world.observed(), s.graph, {.services = {"web"}}));
  }

  TEST_CASE("rm removes stopped containers, or stops them first") {
    Stack s;
    s.stop("shop-api-2");
    auto& kept = s.world.container("shop-db-1");  // of `run`: not a replica, and never taken
    kept.one_off = true;
    s.stop("shop-db-1");
    check_plan("rm", plan_remove(s.world.observed(), s.graph, {}));
    check_plan(
        "rm_stop",
        plan_remove(s.world.observed(), s.graph,
                    {.services = {"api", "web"}, .stop_first = true, .remove_anonymous_volumes = true}));
  }

  TEST_CASE("pause takes running containers, unpause paused ones") {
    Stack s;
    s.stop("shop-web-1");
    s.world.status_of("shop-db-1").state = rt::ContainerState::paused;
    check_plan("pause", plan_pause(s.world.observed(), s.graph, {.services = {"api", "web"}}));
    check_plan("unpause", plan_unpause(s.world.observed(), s.graph, {}));
  }
}
