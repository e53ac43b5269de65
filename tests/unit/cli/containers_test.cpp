#include "compose/cli/containers.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::cli;
using rt::ContainerState;

namespace {

const std::chrono::system_clock::time_point k_now{std::chrono::seconds{1'000'000}};

std::int64_t ago(std::int64_t seconds) {
  return (1'000'000 - seconds) * 1'000'000'000;
}

Listed container(const std::string& name, int number, ContainerState state, bool one_off = false) {
  Listed c;
  c.record.name = name;
  c.record.project = "shop";
  c.record.service = "web";
  c.record.number = number;
  c.record.one_off = one_off;
  c.status.state = state;
  return c;
}

}  // namespace

TEST_SUITE("cli/containers") {
  TEST_CASE("the status is said as Docker says it") {
    rt::ContainerStatus s;
    CHECK(status_text(s, k_now) == "Created");
    s = {.state = ContainerState::running, .started_at = ago(5)};
    CHECK(status_text(s, k_now) == "Up 5 seconds");
    s.health = rt::Health::starting;
    CHECK(status_text(s, k_now) == "Up 5 seconds (health: starting)");
    s.health = rt::Health::unhealthy;
    s.started_at = ago(70);
    CHECK(status_text(s, k_now) == "Up About a minute (unhealthy)");
    s.state = ContainerState::paused;
    CHECK(status_text(s, k_now) == "Up About a minute (Paused)");
    s = {.state = ContainerState::exited, .exit_code = 137, .finished_at = ago(7200)};
    CHECK(status_text(s, k_now) == "Exited (137) 2 hours ago");
    s.finished_at = 0;
    CHECK(status_text(s, k_now) == "Exited (137)");
    s = {.state = ContainerState::restarting, .exit_code = 1, .finished_at = ago(3)};
    CHECK(status_text(s, k_now) == "Restarting (1) 3 seconds ago");
  }

  TEST_CASE("runs of ports are drawn together, exposed ones stand alone") {
    adapters::ContainerSummary summary;
    summary.ports = {{"tcp", "0.0.0.0", 8080, 80}, {"tcp", "::", 8080, 80}};
    summary.exposed = {"80/tcp", "443/tcp"};
    CHECK(ports_text(summary, true) == "0.0.0.0:8080->80/tcp, [::]:8080->80/tcp, 443/tcp");
    CHECK(ports_text(summary, false).empty());
    summary = {};
    summary.ports = {
        {"tcp", "0.0.0.0", 8001, 8001}, {"tcp", "0.0.0.0", 8000, 8000}, {"tcp", "0.0.0.0", 8002, 8002}};
    CHECK(ports_text(summary, true) == "0.0.0.0:8000-8002->8000-8002/tcp");
  }

  TEST_CASE("a command is shown in quotes, the beginning of it or all") {
    adapters::ContainerSummary summary;
    summary.command = "nginx -g 'daemon off;'";
    CHECK(command_text(summary, false) == "\"nginx -g 'daemon of…\"");
    CHECK(command_text(summary, true) == "\"nginx -g 'daemon off;'\"");
    summary.command = "echo \"a\\b\"\n";
    CHECK(command_text(summary, false) == R"("echo \"a\\b\"\n")");
  }

  TEST_CASE("short names leave out the project") {
    adapters::ContainerRecord r{.name = "shop-web-1", .project = "shop", .service = "web"};
    CHECK(short_name(r) == "web-1");
    r.name = "0123456789ab_shop-web-1";
    CHECK(short_name(r) == "web-1");
    r.name = "shop_web_1";
    CHECK(short_name(r) == "web_1");
    r.name = "my-own-name";
    CHECK(short_name(r) == "my-own-name");
  }

  TEST_CASE("a replica is chosen by number, or the lowest that runs") {
    const std::vector<Listed> all{container("shop-web-run-1", 0, ContainerState::running, true),
                                  container("shop-web-1", 1, ContainerState::exited),
                                  container("shop-web-3", 3, ContainerState::running),
                                  container("shop-web-2", 2, ContainerState::running)};
    CHECK(choose_replica(all, "web", std::nullopt).record.name == "shop-web-2");
    CHECK(choose_replica(all, "web", 3).record.name == "shop-web-3");
    CHECK_THROWS_WITH_AS(static_cast<void>(choose_replica(all, "web", 1)),
                         "service \"web\" is not running container #1", base::Error);
    CHECK_THROWS_WITH_AS(static_cast<void>(choose_replica(all, "db", std::nullopt)),
                         "service \"db\" is not running", base::Error);
  }
}
