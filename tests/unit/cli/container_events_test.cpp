#include "compose/cli/container_events.hpp"

#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "base/text.hpp"

using namespace compose;
using cli::Snapshot;
using rt::ContainerState;
using rt::ContainerStatus;
using rt::Health;

namespace {

constexpr std::int64_t k_looked_at = 100;
const rt::ContainerId k_web{std::string(64, 'a')};
const rt::ContainerId k_db{std::string(64, 'b')};

cli::SeenContainer seen(ContainerStatus status = {}, std::string name = "shop-web-1") {
  return {.name = std::move(name),
          .service = "web",
          .image = "nginx",
          .created_at = 10,
          .status = std::move(status)};
}

constexpr std::int64_t k_shim = 7;
ContainerStatus up(std::int64_t started, std::int64_t finished = 0, int code = 0) {
  return {.state = ContainerState::running,
          .shim_pid = k_shim,
          .exit_code = code,
          .started_at = started,
          .finished_at = finished};
}
ContainerStatus ended(std::int64_t started, std::int64_t finished, int code = 0) {
  auto status = up(started, finished, code);
  status.state = ContainerState::exited;
  return status;
}
ContainerStatus restarting(std::int64_t started, std::int64_t finished, int code) {
  auto status = ended(started, finished, code);
  status.state = ContainerState::restarting;
  return status;
}
ContainerStatus paused(ContainerStatus status) {
  status.state = ContainerState::paused;
  return status;
}
ContainerStatus with(Health health, ContainerStatus status) {
  status.health = health;
  return status;
}
ContainerStatus out_of_memory(ContainerStatus status) {
  status.oom_killed = true;
  return status;
}
ContainerStatus of_shim(std::int64_t pid, ContainerStatus status) {
  status.shim_pid = pid;
  return status;
}

// "20 start, 30 die 1": times, actions and exit codes.
std::string told(const std::vector<cli::Event>& events) {
  std::vector<std::string> parts;
  for (const auto& event : events) {
    auto part = base::text("{} {}", event.time, event.action);
    if (const auto code = event.attributes.find("exitCode"); code != event.attributes.end())
      part += " " + code->second;
    parts.push_back(std::move(part));
  }
  return base::join(parts, ", ");
}
std::string between(const ContainerStatus& before, const ContainerStatus& after) {
  return told(cli::events_between({{k_web, seen(before)}}, {{k_web, seen(after)}}, k_looked_at));
}

struct Row {
  const char* what;
  ContainerStatus before;
  ContainerStatus after;
  const char* events;
};

}  // namespace

TEST_SUITE("cli/container_events") {
  TEST_CASE("the life of a container is told from its status before and after") {
    const Row rows[] = {
        {"it starts", {}, up(20), "20 start"},
        {"it is as it was", up(20), up(20), ""},
        {"it ends", up(20), ended(20, 30, 3), "30 die 3"},
        {"it has ended for long", ended(20, 30, 3), ended(20, 30, 3), ""},
        {"it starts and ends between two looks", {}, ended(20, 30, 3), "20 start, 30 die 3"},
        {"it is started again by a new shim", ended(20, 30), of_shim(8, up(40)), "40 start"},
        {"it waits for its restart", up(20), restarting(20, 30, 1), "30 die 1"},
        {"its restart comes", restarting(20, 30, 1), up(40, 30, 1), "40 start"},
        {"its restart is given up", restarting(20, 30, 1), ended(20, 30, 1), ""},
        {"it is restarted between two looks", up(20), up(40, 30, 1), "30 die 1, 40 start"},
        {"it is restarted and ends", restarting(20, 30, 1), restarting(40, 50, 2), "40 start, 50 die 2"},
        {"a whole run was not seen", restarting(20, 30, 1), up(60, 50, 2), "50 start, 50 die 2, 60 start"},
        {"nobody saw how it ended before it was started again", up(20), of_shim(8, up(40)),
         "40 die, 40 start"},
        {"nobody saw how it ended, and its new run restarts", up(20), of_shim(8, up(60, 50, 2)),
         "50 die, 50 start, 50 die 2, 60 start"},
        {"its status is gone", up(20), {}, "100 die"},
        {"its shim was lost", up(40, 30, 1), ended(40, 30, 137), "100 die 137"},
        {"its start fails", {}, ended(0, 30, 127), "30 die 127"},
        {"it is killed for its memory", up(20), out_of_memory(ended(20, 30, 137)), "30 oom, 30 die 137"},
        {"an earlier run was killed for its memory", out_of_memory(up(40, 30)),
         out_of_memory(ended(40, 50, 1)), "50 die 1"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.what);
      CHECK(between(row.before, row.after) == row.events);
    }
  }

  TEST_CASE("pauses and health are told when they change") {
    const Row rows[] = {
        {"it is paused", up(20), paused(up(20)), "100 pause"},
        {"it goes on", paused(up(20)), up(20), "100 unpause"},
        {"it is killed while it is paused", paused(up(20)), ended(20, 30, 137), "30 die 137"},
        {"it is started and paused", {}, paused(up(20)), "20 start, 100 pause"},
        {"its first probes are under way", {}, with(Health::starting, up(20)), "20 start"},
        {"it is healthy", with(Health::starting, up(20)), with(Health::healthy, up(20)),
         "100 health_status: healthy"},
        {"it is still healthy", with(Health::healthy, up(20)), with(Health::healthy, up(20)), ""},
        {"it is unhealthy", with(Health::healthy, up(20)), with(Health::unhealthy, up(20)),
         "100 health_status: unhealthy"},
        {"it is healthy again after a restart", with(Health::healthy, up(20)),
         with(Health::healthy, up(40, 30, 1)), "30 die 1, 40 start, 100 health_status: healthy"},
        {"it goes on and is healthy", paused(with(Health::starting, up(20))), with(Health::healthy, up(20)),
         "100 unpause, 100 health_status: healthy"},
        {"it is healthy and paused", with(Health::starting, up(20)), paused(with(Health::healthy, up(20))),
         "100 health_status: healthy, 100 pause"},
    };
    for (const auto& row : rows) {
      CAPTURE(row.what);
      CHECK(between(row.before, row.after) == row.events);
    }
  }

  TEST_CASE("containers come, are renamed, and go") {
    const Snapshot none;
    const auto tell = [](const Snapshot& before, const Snapshot& after) {
      return told(cli::events_between(before, after, k_looked_at));
    };
    CHECK(tell(none, none).empty());
    CHECK(tell(none, {{k_web, seen()}}) == "10 create");
    CHECK(tell(none, {{k_web, seen(ended(20, 30, 1))}}) == "10 create, 20 start, 30 die 1");
    CHECK(tell({{k_web, seen(ended(20, 30, 1))}}, none) == "100 destroy");
    CHECK(tell({{k_web, seen(up(20))}}, none) == "100 die, 100 destroy");
    CHECK(tell({{k_web, seen({}, "shop-web-1")}}, {{k_web, seen(up(20), "shop-web-2")}}) ==
          "20 rename, 20 start");
    const auto renamed =
        cli::events_between({{k_web, seen({}, "old")}}, {{k_web, seen({}, "new")}}, k_looked_at);
    REQUIRE(renamed.size() == 1);
    CHECK(renamed[0].attributes ==
          std::map<std::string, std::string>{{"image", "nginx"}, {"name", "new"}, {"oldName", "/old"}});
  }

  TEST_CASE("events of several containers are in the order of their times, and each has its own in order") {
    auto db = seen(up(15), "shop-db-1");
    db.created_at = 5;
    const auto events = cli::events_between({}, {{k_web, seen(up(20))}, {k_db, db}}, k_looked_at);
    CHECK(told(events) == "5 create, 10 create, 15 start, 20 start");
    CHECK(events[2].id == k_db);
    CHECK(events[2].attributes.at("name") == "shop-db-1");

    SUBCASE("also when the clock was set back meanwhile") {
      CHECK(told(cli::events_between({}, {{k_web, seen(ended(20, 25))}, {k_db, seen(up(3))}}, k_looked_at)) ==
            "3 create, 3 start, 10 create, 20 start, 25 die 0");
    }
    SUBCASE("and a time after that of the look is one of the look") {
      CHECK(told(cli::events_between({}, {{k_web, seen(paused(up(120)))}}, k_looked_at)) ==
            "10 create, 120 start, 120 pause");
    }
  }

  TEST_CASE("of the past is told what has a time") {
    CHECK(told(cli::known_past(
              {{k_web, seen(with(Health::healthy, up(40, 30, 2)))}, {k_db, seen(paused(up(35)))}})) ==
          "10 create, 10 create, 30 die 2, 35 start, 40 start");
    CHECK(told(cli::known_past({{k_web, seen(ended(40, 30, 137))}})) == "10 create, 30 die, 40 start");
  }

  TEST_CASE("an event is one line of text or of JSON, with the labels that are the user's") {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
    auto container = seen(ended(0, 1'767'323'045'000'006'007, 3));
    container.labels = {{"com.docker.compose.project", "shop"}, {"tier", "front \"1\""}};
    const auto events = cli::events_between({{k_web, seen()}}, {{k_web, container}}, k_looked_at);
    REQUIRE(events.size() == 1);
    CHECK(cli::event_text(events[0]) == "2026-01-02 03:04:05.000006 container die " + k_web.str() +
                                            " (exitCode=3, image=nginx, name=shop-web-1, tier=front \"1\")");
    CHECK(
        cli::event_json(events[0]) ==
        R"({"action":"die","attributes":{"exitCode":"3","image":"nginx","name":"shop-web-1","tier":"front \"1\""},)"
        R"("id":")" +
            k_web.str() + R"(","service":"web","time":"2026-01-02T03:04:05.000006007Z","type":"container"})");
  }

  TEST_CASE("a label that is no text does not break the line") {
    auto container = seen();
    container.labels = {{"x", "\xff"}};
    CHECK(cli::event_json(cli::events_between({}, {{k_web, container}}, k_looked_at).at(0))
              .find("\xEF\xBF\xBD") != std::string::npos);
  }
}
