#include "compose/adapters/port_claims.hpp"

#include <map>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::adapters;

namespace {

struct World {
  sched::DesiredState desired{.project = "shop"};
  sched::Plan plan;
  std::map<std::string, ContainerSummary> summaries;

  void service(const std::string& name, std::vector<sched::PortRequest> ports) {
    sched::DesiredService added{.name = name};
    added.ports = std::move(ports);
    desired.services.push_back(std::move(added));
  }

  sched::ContainerRef existing(const std::string& name, std::uint16_t port) {
    ContainerSummary summary;
    summary.wishes.push_back({.first = port, .last = port, .target = 80});
    rt::PublishedPort held;
    held.protocol = "tcp";
    held.host_port = port;
    summary.ports.push_back(held);
    summaries[name] = summary;
    return {.name = name, .service = "web", .number = 1, .id = rt::ContainerId{name}};
  }

  void create_and_start(const std::string& name, const std::string& service) {
    sched::ContainerRef made{.name = name, .service = service, .number = 1};
    made.made_by = plan.add(sched::CreateContainer{.container = made, .created_as = name}, {}, "missing");
    plan.add(sched::StartContainer{made}, {made.made_by}, "created");
  }

  [[nodiscard]] std::vector<PortClaim> claims() const {
    return port_claims(plan, desired, [&](const rt::ContainerId& id) -> std::optional<ContainerSummary> {
      const auto found = summaries.find(id.str());
      return found != summaries.end() ? std::optional{found->second} : std::nullopt;
    });
  }
};

std::string refusal(const World& world) {
  try {
    (void)world.claims();
  } catch (const base::Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_SUITE("port_claims") {
  TEST_CASE(
      "fixed ports of what is made and of what is started again, not those that may be one of several") {
    World world;
    world.service("web", {{.published_first = 8080, .published_last = 8080, .target = 80},
                          {.published_first = 9000, .published_last = 9005, .target = 81},
                          {.target = 82}});
    world.create_and_start("shop-web-1", "web");
    world.plan.add(sched::StartContainer{world.existing("shop-old-1", 7000)}, {}, "stopped");
    const auto claims = world.claims();
    REQUIRE(claims.size() == 2);
    CHECK(claims[0].container == "shop-web-1");
    CHECK(claims[0].port.first == 8080);
    CHECK(claims[1].container == "shop-old-1");
    CHECK(claims[1].port.first == 7000);
  }

  TEST_CASE("a port that the plan frees is not claimed") {
    World world;
    world.service("web", {{.published_first = 8080, .published_last = 8080, .target = 80}});
    world.plan.add(sched::StopContainer{world.existing("shop-web-1", 8080)}, {}, "image changed");
    world.create_and_start("shop-web-1", "web");
    CHECK(world.claims().empty());
  }

  TEST_CASE("two containers of one plan cannot have the same port, unless on different addresses") {
    World world;
    world.service("web", {{.host_address = "127.0.0.1", .published_first = 8080, .published_last = 8080}});
    world.service("api", {{.host_address = "127.0.0.2", .published_first = 8080, .published_last = 8080}});
    world.service("all", {{.published_first = 8080, .published_last = 8080}});
    world.create_and_start("shop-web-1", "web");
    world.create_and_start("shop-api-1", "api");
    CHECK(world.claims().size() == 2);
    world.create_and_start("shop-all-1", "all");
    CHECK(refusal(world) == "container shop-all-1: port 8080/tcp is published by container shop-web-1 too");
  }
}
