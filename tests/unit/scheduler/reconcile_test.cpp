#include "scheduler/reconcile.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "support/fake_world.hpp"
#include "support/plan_story.hpp"

using namespace compose;
using namespace compose::sched;
using namespace compose::test;

namespace {

// web -> db
DesiredState shop(Condition condition = Condition::started) {
  DesiredState desired = project();
  check_health(add_service(desired, "db"));
  depend(add_service(desired, "web"), "db", condition);
  return desired;
}

Plan replan(FakeWorld& world, const DesiredState& desired, const ReconcileOptions& options = {}) {
  return reconcile(desired, world.observed(), options);
}

// Runs the plan and expects that nothing is left to do.
void check_converges(FakeWorld& world, const DesiredState& desired, const ReconcileOptions& options = {}) {
  const Outcome outcome = world.up(desired, options);
  for (const StepFailure& f : outcome.failures) MESSAGE(f.message);
  CHECK(outcome.ok());
  ReconcileOptions again = options;
  again.recreate = Recreate::when_different;
  again.recreate_dependencies = Recreate::when_different;
  again.wait = false;
  CHECK(to_text(replan(world, desired, again)).empty());
}

}  // namespace

TEST_SUITE("scheduler/reconcile") {
  TEST_CASE("a first up creates networks, volumes and containers and starts them in order") {
    DesiredState desired = shop();
    add_volume(desired, "data");
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    FakeWorld world;
    check_plan("up_first", replan(world, desired));
    check_converges(world, desired);
  }

  TEST_CASE("a second up does nothing and says what runs") {
    const DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    check_plan("up_second", replan(world, desired));
  }

  TEST_CASE("unused networks and volumes are not created") {
    DesiredState desired = shop();
    add_network(desired, "unused");
    add_volume(desired, "unused");
    FakeWorld world;
    check_plan("up_first_without_unused", replan(world, desired));
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
    check_plan("recreate_forced", replan(world, desired, {.selected = {"web"}, .recreate = Recreate::always}));
    check_plan("recreate_forced_with_dependencies",
               replan(world, desired, {.selected = {"web"}, .recreate = Recreate::always, .recreate_dependencies = Recreate::always}));
    find_service(desired, "web").config_hash = "c2";
    check_plan("recreate_never", replan(world, desired, {.recreate = Recreate::never}));
  }

  TEST_CASE("anonymous volumes can be renewed") {
    DesiredState desired = shop();
    FakeWorld world;
    world.settle(desired);
    const Plan plan = replan(world, desired,
                             {.selected = {"web"}, .recreate = Recreate::always, .renew_anonymous_volumes = true, .stop_grace = std::chrono::seconds{3}});
    check_plan("recreate_renew_anonymous_volumes", plan);
    CHECK(std::get<CreateContainer>(plan.steps()[0].operation).renew_anonymous_volumes);
    CHECK(std::get<StopContainer>(plan.steps()[1].operation).grace == std::chrono::seconds{3});
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
    check_plan("up_selected_without_dependencies", replan(world, desired, {.selected = {"web"}, .no_dependencies = true}));
    CHECK_THROWS_WITH_AS((void)replan(world, desired, {.selected = {"nope"}}), "no such service: nope", base::Error);
  }

  TEST_CASE("create makes containers and starts none") {
    DesiredState desired = shop();
    FakeWorld world;
    check_plan("create_only", replan(world, desired, {.start = false}));
    check_converges(world, desired, {.start = false});
    check_plan("up_after_create", replan(world, desired));
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

  TEST_CASE("external networks and volumes have to be there") {
    DesiredState desired = shop();
    desired.networks[0].external = true;
    FakeWorld world;
    CHECK_THROWS_WITH_AS((void)replan(world, desired), "network shop_default declared as external, but could not be found", base::Error);
    desired.networks[0].external = false;
    add_volume(desired, "data");
    desired.volumes[0].external = true;
    find_service(desired, "db").volumes.push_back({.volume = "data", .target = "/data"});
    CHECK_THROWS_WITH_AS((void)replan(world, desired), "external volume \"shop_data\" not found", base::Error);
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
    CHECK(to_text(reconcile(desired, observed)) == "#1 create network shop_default (creation was interrupted)\n");
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

  TEST_CASE("a service cannot share with one that has no container") {
    DesiredState desired = shop();
    find_service(desired, "db").replicas = 0;
    find_service(desired, "web").dependencies[0].shares_namespace = true;
    FakeWorld world;
    CHECK_THROWS_WITH_AS((void)replan(world, desired),
                         "cannot share network namespace with service db: container missing", base::Error);
    find_service(desired, "web").volumes_from.push_back({.service = "db"});
    CHECK_THROWS_WITH_AS((void)replan(world, desired), "cannot share volume with service db: container missing", base::Error);
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
