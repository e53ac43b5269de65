#include "compose/cli/run_overrides.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using cli::RunOverrides;

namespace {

model::Project project() {
  model::Project p{.name = "shop", .environment = {{"FROM_HERE", "yes"}}};
  model::Service web{
      .name = "web", .command = model::Strings{"serve"}, .container_name = "fixed", .restart = "always"};
  web.ports.push_back({.target = 80, .published = "8080", .protocol = "tcp"});
  web.volumes.push_back({.source = "data", .target = "/data"});
  p.services["web"] = web;
  return p;
}

model::Service changed(const RunOverrides& overrides) {
  auto p = project();
  cli::apply_overrides(p, "web", overrides);
  return p.services.at("web");
}

}  // namespace

TEST_SUITE("cli/run_overrides") {
  TEST_CASE("without options ports, name and restarting go, the command stays") {
    const auto web = changed({});
    CHECK(web.ports.empty());
    CHECK(web.container_name.empty());
    CHECK(web.restart == "no");
    CHECK(web.command == model::Strings{"serve"});
  }

  TEST_CASE("an entrypoint is split into words and clears the command") {
    const auto web = changed({.entrypoint = "sh -c 'echo hi'"});
    CHECK(web.entrypoint == model::Strings{"sh", "-c", "echo hi"});
    CHECK(web.command == model::Strings{});
    CHECK(changed({.command = {"a"}, .entrypoint = "x"}).command == model::Strings{"a"});
  }

  TEST_CASE("variables are set, taken from here, or unset") {
    const auto web = changed({.environment = {"A=1", "FROM_HERE", "NOT_HERE"}});
    CHECK(web.environment.at("A") == "1");
    CHECK(web.environment.at("FROM_HERE") == "yes");
    CHECK_FALSE(web.environment.at("NOT_HERE"));
  }

  TEST_CASE("a volume replaces the one at its target; relative paths start here") {
    const auto web = changed({.volumes = {"./src:/data:ro"}, .current_directory = "/home/me"});
    REQUIRE(web.volumes.size() == 1);
    CHECK(web.volumes[0].type == model::MountType::bind);
    CHECK(web.volumes[0].source == "/home/me/src");
    CHECK(web.volumes[0].read_only);
  }

  TEST_CASE("ports are those asked for") {
    CHECK(changed({.service_ports = true}).ports.size() == 1);
    const auto web = changed({.publish = {"127.0.0.1:9000:90"}});
    REQUIRE(web.ports.size() == 1);
    CHECK(web.ports[0].published == "9000");
    CHECK(web.ports[0].host_ip == "127.0.0.1");
  }
}
