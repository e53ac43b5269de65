#include "scheduler/condition.hpp"

#include <doctest/doctest.h>

using namespace compose;
using namespace compose::sched;
using rt::ContainerState;
using rt::Health;

namespace {

const ContainerRef k_db{.name = "p-db-1", .service = "db", .number = 1};

rt::ContainerStatus running(Health health, std::string output = {}) {
  return {.state = ContainerState::running, .health = health, .health_output = std::move(output)};
}
rt::ContainerStatus exited(int code) {
  return {.state = ContainerState::exited, .exit_code = code};
}

// "pending", "fulfilled", or why it failed
std::string verdict(Until until, const std::optional<rt::ContainerStatus>& status) {
  const Verdict v = judge(k_db, until, status);
  if (v.kind == Verdict::Kind::failed) return v.why;
  return v.kind == Verdict::Kind::pending ? "pending" : "fulfilled";
}

}  // namespace

TEST_SUITE("scheduler/condition") {
  TEST_CASE("healthy") {
    CHECK(verdict(Until::healthy, running(Health::healthy)) == "fulfilled");
    CHECK(verdict(Until::healthy, running(Health::starting)) == "pending");
    CHECK(verdict(Until::healthy, rt::ContainerStatus{}) == "pending");
    CHECK(verdict(Until::healthy, rt::ContainerStatus{.state = ContainerState::restarting, .exit_code = 1}) ==
          "pending");
    CHECK(verdict(Until::healthy, running(Health::unhealthy)) == "container p-db-1 is unhealthy");
    CHECK(verdict(Until::healthy, running(Health::unhealthy, "\n no route \n")) ==
          "container p-db-1 is unhealthy: no route");
    CHECK(verdict(Until::healthy, running(Health::none)) == "container p-db-1 has no healthcheck configured");
    CHECK(verdict(Until::healthy, exited(1)) == "container p-db-1 exited (1)");
    CHECK(verdict(Until::healthy, std::nullopt) == "container p-db-1 was removed");
  }

  TEST_CASE("completed successfully") {
    CHECK(verdict(Until::completed_successfully, exited(0)) == "fulfilled");
    CHECK(verdict(Until::completed_successfully, running(Health::none)) == "pending");
    CHECK(verdict(Until::completed_successfully, exited(3)) ==
          "service \"db\" didn't complete successfully: exit 3");
  }

  TEST_CASE("ready") {
    CHECK(verdict(Until::ready, running(Health::none)) == "fulfilled");
    CHECK(verdict(Until::ready, running(Health::starting)) == "pending");
    CHECK(verdict(Until::ready, running(Health::healthy)) == "fulfilled");
    CHECK(verdict(Until::ready, running(Health::unhealthy)) == "container p-db-1 is unhealthy");
    CHECK(verdict(Until::ready, exited(0)) == "fulfilled");
    CHECK(verdict(Until::ready, exited(3)) == "container p-db-1 exited (3)");
    CHECK(verdict(Until::ready, rt::ContainerStatus{.state = ContainerState::restarting}) == "pending");
  }

  TEST_CASE("a death has its reason") {
    rt::ContainerStatus status = exited(137);
    status.oom_killed = true;
    CHECK(verdict(Until::ready, status) == "container p-db-1 exited (137): out of memory");
    status = exited(127);
    status.error = "exec '/nope': No such file or directory";
    CHECK(verdict(Until::healthy, status) ==
          "container p-db-1 exited (127): exec '/nope': No such file or directory");
  }

  TEST_CASE("messages of failed waits") {
    AwaitCondition wait{.service = "db", .until = Until::healthy};
    CHECK(failure_text(wait, "container p-db-1 exited (1)") ==
          "dependency failed to start: container p-db-1 exited (1)");
    wait.until = Until::ready;
    CHECK(failure_text(wait, "container p-db-1 exited (1)") == "container p-db-1 exited (1)");
    wait.required = false;
    CHECK(failure_text(wait, "x") == "optional dependency \"db\" failed to start: x");
  }

  TEST_CASE("what was still missing at a deadline") {
    CHECK(still_pending(k_db, running(Health::starting, "refused")) ==
          "container p-db-1 is starting: refused");
    CHECK(still_pending(k_db, rt::ContainerStatus{.state = ContainerState::restarting, .exit_code = 2}) ==
          "container p-db-1 is restarting (2)");
    CHECK(still_pending(k_db, running(Health::none)) == "container p-db-1 is running");
  }
}
