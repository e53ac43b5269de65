#include "compose/adapters/state.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"

using namespace compose;
using namespace compose::adapters;

namespace {

struct StateWorld {
  base::TemporaryDirectory directory;
  Paths paths{.data_root = directory.path() / "data", .run_root = directory.path() / "run"};
  State state{paths};

  ContainerRecord add(const std::string& name, const std::string& id) {
    ContainerRecord c{.id = ContainerId{id}, .name = name, .project = "shop", .service = "web", .number = 1};
    c.config_hash = "hash";
    c.labels = {{"a", "b"}};
    c.summary.networks = {"shop_default"};
    c.summary.volumes = {{"shop_data", "/data", false}};
    rt::ContainerSpec spec;
    spec.id = c.id;
    spec.hostname = "host";
    state.add_container(c, spec, "{\"image\":\"x\"}");
    return c;
  }
};

}  // namespace

TEST_SUITE("adapters/state") {
  TEST_CASE("a container comes back as it was put in, its labels where they are asked for") {
    StateWorld w;
    w.add("shop-web-1", "aa");
    const auto all = w.state.containers("shop", State::Labels::with);
    REQUIRE(all.size() == 1);
    CHECK(all[0].phase == Phase::creating);
    CHECK(all[0].summary.networks == std::vector<std::string>{"shop_default"});
    CHECK(all[0].labels.at("a") == "b");
    CHECK(w.state.containers("shop")[0].labels.empty());
    CHECK(w.state.spec(all[0].id).hostname == "host");
    CHECK(w.state.config("hash") == "{\"image\":\"x\"}");
    CHECK(w.state.containers("other").empty());
  }

  TEST_CASE("a name is given once") {
    StateWorld w;
    w.add("shop-web-1", "aaaaaaaaaaaaaaaa");
    CHECK_THROWS_WITH_AS(
        w.add("shop-web-1", "bb"),
        "container name \"shop-web-1\" is already in use by service \"web\" of project \"shop\"",
        base::Error);
  }

  TEST_CASE("phases, names and summaries change") {
    StateWorld w;
    auto c = w.add("shop-web-1", "aa");
    w.state.set_phase({&c.id, 1}, Phase::complete);
    w.state.rename_container(c.id, "shop-web-2");
    c.summary.started = true;
    w.state.set_summary(c.id, c.summary);
    const auto now = w.state.container_named("shop-web-2");
    REQUIRE(now);
    CHECK(now->phase == Phase::complete);
    CHECK(now->summary.started);
    w.state.remove_containers({&c.id, 1});
    CHECK_FALSE(w.state.container(c.id));
    CHECK_THROWS_WITH_AS(static_cast<void>(w.state.spec(c.id)), "no such container: aa", base::Error);
  }

  TEST_CASE("who uses a volume is found") {
    StateWorld w;
    w.add("shop-web-1", "aa");
    CHECK(w.state.users_of_volume("shop_data") == std::vector<std::string>{"shop-web-1"});
  }

  TEST_CASE("a project is forgotten when nothing of it is left") {
    StateWorld w;
    w.state.put_project({"shop", "/srv/shop", {"/srv/shop/compose.yaml"}});
    auto c = w.add("shop-web-1", "aa");
    w.state.forget_project_if_empty("shop");
    CHECK(w.state.projects().size() == 1);
    w.state.remove_containers({&c.id, 1});
    w.state.add_volume({.name = "shop_data", .project = "shop", .key = "data"});
    w.state.forget_project_if_empty("shop");
    CHECK(w.state.projects().size() == 1);
    w.state.remove_volume("shop_data");
    w.state.forget_project_if_empty("shop");
    CHECK(w.state.projects().empty());
    CHECK(w.state.config("hash").empty());
  }

  TEST_CASE("a failed transaction leaves nothing") {
    StateWorld w;
    CHECK_THROWS(w.state.transaction([&] {
      w.add("shop-web-1", "aa");
      base::fail("stop");
    }));
    CHECK(w.state.containers("shop").empty());
  }
}
