#include "compose/lower/lower_project.hpp"

#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;

TEST_SUITE("compose/lower/lower_project") {
  TEST_CASE("a service says what it is, with all labels") {
    OneService one;
    one.add("db");
    one.add("init");
    one.web().depends_on["db"] = {.condition = model::DependencyCondition::healthy, .restart = true};
    one.web().depends_on["init"] = {.condition = model::DependencyCondition::completed_successfully,
                                    .required = false};
    one.web().labels = {{"tier", "front"}};
    one.image().labels = {{"tier", "none"}, {"vendor", "x"}};
    one.project.environment_files = {"/srv/shop/prod.env"};
    const auto web = one.lowered();
    CHECK(web.image == "alpine");
    CHECK(web.image_id == "sha256:1");
    CHECK(web.replicas == 1);
    CHECK(web.config_hash == "hash of web");
    CHECK(web.dependencies ==
          std::vector<sched::Dependency>{
              {.service = "db", .condition = sched::Condition::healthy, .restart = true},
              {.service = "init", .condition = sched::Condition::completed_successfully, .required = false}});
    CHECK(web.labels == sched::Labels{{"com.docker.compose.config-hash", "hash of web"},
                                      {"com.docker.compose.depends_on",
                                       "db:service_healthy:true,init:service_completed_successfully:false"},
                                      {"com.docker.compose.image", "sha256:1"},
                                      {"com.docker.compose.project", "shop"},
                                      {"com.docker.compose.project.config_files", "/srv/shop/compose.yaml"},
                                      {"com.docker.compose.project.environment_file", "/srv/shop/prod.env"},
                                      {"com.docker.compose.project.working_dir", "/srv/shop"},
                                      {"com.docker.compose.service", "web"},
                                      {"com.docker.compose.version", COMPOSE_VERSION},
                                      {"tier", "front"},
                                      {"vendor", "x"}});
  }

  TEST_CASE("the hash is that of the model, and of contents that are not in it") {
    OneService one;
    one.project.configs["conf"] = {.name = "shop_conf", .content = "1"};
    one.web().configs = {{.source = "conf"}};
    const std::string first = one.lowered().config_hash;
    CHECK(first.size() == 64);
    one.project.configs["conf"].content = "2";
    CHECK(one.lowered().config_hash != first);
  }

  TEST_CASE("replicas: the command line, then scale, then deploy, then one") {
    OneService one;
    one.web().deploy = model::Deploy{.replicas = 3};
    CHECK(one.lowered().replicas == 3);
    one.web().scale = 2;
    CHECK(one.lowered().replicas == 2);
    one.scale["web"] = 15;
    CHECK(one.lowered().replicas == 15);
    one.scale["nope"] = 1;
    one.check_error("no such service: nope");
  }

  TEST_CASE("a fixed name allows one container") {
    OneService one;
    one.web().container_name = "site";
    CHECK(one.lowered().container_name == "site");
    one.scale["web"] = 2;
    one.check_error("service \"web\": the container name \"site\" allows one container, not 2");
  }

  TEST_CASE("an image that is only built has a name of its own") {
    OneService one;
    one.web().image.clear();
    CHECK(lower::image_of(one.project, one.web()) == "shop-web");
    one.project.name_separator = '_';
    CHECK(lower::image_of(one.project, one.web()) == "shop_web");
  }

  TEST_CASE("networks and volumes") {
    OneService one;
    model::Network& network = one.project.networks["back"];
    network.name = "shop_back";
    network.internal = true;
    network.enable_ipv6 = true;
    network.driver_opts = {{"com.docker.network.driver.mtu", "1400"}};
    network.ipam.config = {{.subnet = "10.9.0.0/24", .gateway = "10.9.0.1", .ip_range = "10.9.0.128/25"}};
    network.labels = {{"a", "b"}};
    model::Volume& volume = one.project.volumes["data"];
    volume.name = "shop_data";
    volume.driver_opts = {{"type", "none"}};
    const auto state = one.lower().state;
    CHECK(state.project == "shop");
    REQUIRE(state.networks.size() == 2);
    const sched::DesiredNetwork& back = state.networks[0];
    CHECK(back.key == "back");
    CHECK(back.spec.name == "shop_back");
    CHECK(back.spec.driver == "bridge");
    CHECK(back.spec.internal);
    CHECK(back.spec.enable_ipv6);
    CHECK(back.spec.pools == std::vector<net::AddressPoolSpec>{{"10.9.0.0/24", "10.9.0.1", "10.9.0.128/25"}});
    CHECK(back.spec.options.at("com.docker.network.driver.mtu") == "1400");
    CHECK(back.config_hash == "hash of shop_back");
    CHECK(back.labels == sched::Labels{{"a", "b"},
                                       {"com.docker.compose.config-hash", "hash of shop_back"},
                                       {"com.docker.compose.network", "back"},
                                       {"com.docker.compose.project", "shop"},
                                       {"com.docker.compose.version", COMPOSE_VERSION}});
    REQUIRE(state.volumes.size() == 1);
    CHECK(state.volumes[0].name == "shop_data");
    CHECK(state.volumes[0].driver == "local");
    CHECK(state.volumes[0].labels.at("com.docker.compose.volume") == "data");
  }

  TEST_CASE("disabled services are known, but not wanted") {
    OneService one;
    one.project.disabled_services["debug"].name = "debug";
    const auto state = one.lower().state;
    CHECK(state.known_services == Strings{"web", "debug"});
    CHECK(state.services.size() == 1);
  }

  TEST_CASE("verbs without images get the graph alone") {
    OneService one;
    one.add("db");
    one.web().depends_on["db"] = {};
    CHECK(sched::ServiceGraph::build(lower::service_nodes(one.project)).start_order() ==
          Strings{"db", "web"});
  }

  TEST_CASE("a provider and a missing image are errors") {
    OneService one;
    one.web().provider = model::Provider{.type = "cloud"};
    one.check_error("service \"web\": providers are not available");
    one.web().provider.reset();
    one.images.clear();
    one.check_error("service \"web\": its image is not known");
  }
}
