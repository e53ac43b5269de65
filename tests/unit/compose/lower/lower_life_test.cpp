#include <chrono>

#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;
using rt::RestartMode;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""min;
using std::chrono_literals::operator""ms;

TEST_SUITE("compose/lower/lower_life") {
  TEST_CASE("limits come from deploy or from the older attributes") {
    OneService one;
    model::Service& s = one.web();
    s.mem_limit = 100;
    s.cpus = 0.5;
    s.pids_limit = 50;
    s.cpu_shares = 512;
    s.cpuset = "0-1";
    s.shm_size = 1 << 20;
    s.mem_reservation = 20;
    rt::ResourceSpec r = one.lowered().spec.resources;
    CHECK(r.memory == 100);
    CHECK(r.memory_swap == 200);
    CHECK(r.nano_cpus == 500'000'000);
    CHECK(r.pids == 50);
    CHECK(r.cpu_shares == 512);
    CHECK(r.cpuset_cpus == "0-1");
    CHECK(r.shm_size == 1 << 20);
    CHECK(r.memory_reservation == 20);
    s.deploy = model::Deploy{};
    s.deploy->resources.limits = model::ResourceLimits{.cpus = 2.0, .memory = 300, .pids = 60};
    s.deploy->resources.reservations = model::ResourceReservations{.memory = 30};
    s.memswap_limit = -1;
    r = one.lowered().spec.resources;
    CHECK(r.memory == 300);
    CHECK(r.memory_swap == -1);
    CHECK(r.nano_cpus == 2'000'000'000);
    CHECK(r.pids == 60);
    CHECK(r.memory_reservation == 30);
  }

  TEST_CASE("zero is no limit") {
    OneService one;
    one.web().pids_limit = 0;
    one.web().cpus = 0;
    one.web().mem_limit = 0;
    CHECK(one.lowered().spec.resources == rt::ResourceSpec{});
  }

  TEST_CASE("restart policies in words") {
    OneService one;
    const auto policy = [&](const char* word) {
      one.web().restart = word;
      return one.lowered().spec.restart;
    };
    CHECK(policy("") == rt::RestartPolicy{});
    CHECK(policy("no") == rt::RestartPolicy{});
    CHECK(policy("always") == rt::RestartPolicy{RestartMode::always, 0});
    CHECK(policy("unless-stopped") == rt::RestartPolicy{RestartMode::unless_stopped, 0});
    CHECK(policy("on-failure") == rt::RestartPolicy{RestartMode::on_failure, 0});
    CHECK(policy("on-failure:3") == rt::RestartPolicy{RestartMode::on_failure, 3});
    one.web().restart = "sometimes";
    one.check_error("service \"web\": invalid restart policy \"sometimes\"");
    one.web().restart = "on-failure:x";
    one.check_error("service \"web\": invalid restart policy \"on-failure:x\"");
  }

  TEST_CASE("deploy.restart_policy replaces restart") {
    OneService one;
    one.web().restart = "always";
    one.web().deploy =
        model::Deploy{.restart_policy = model::RestartPolicy{.condition = "on-failure", .max_attempts = 2}};
    CHECK(one.lowered().spec.restart == rt::RestartPolicy{RestartMode::on_failure, 2});
    one.web().deploy->restart_policy->condition = "any";
    CHECK(one.lowered().spec.restart == rt::RestartPolicy{RestartMode::always, 0});
    one.web().deploy->restart_policy->condition = "none";
    CHECK(one.lowered().spec.restart == rt::RestartPolicy{});
  }

  TEST_CASE("the health check is the image's with the file's on top") {
    OneService one;
    CHECK_FALSE(one.lowered().spec.health);
    one.image().healthcheck =
        lower::ImageHealthcheck{.test = {"CMD-SHELL", "curl -f x"}, .interval = 5'000'000'000, .retries = 7};
    CHECK(one.lowered().spec.health ==
          rt::HealthSpec{.test = {"/bin/sh", "-c", "curl -f x"}, .interval = 5'000'000'000, .retries = 7});
    one.web().healthcheck = model::Healthcheck{.timeout = 2s, .start_period = 1min};
    CHECK(one.lowered().spec.health == rt::HealthSpec{.test = {"/bin/sh", "-c", "curl -f x"},
                                                      .interval = 5'000'000'000,
                                                      .timeout = 2'000'000'000,
                                                      .start_period = 60'000'000'000,
                                                      .retries = 7});
    one.web().healthcheck =
        model::Healthcheck{.test = Strings{"CMD", "check", "-q"}, .interval = 1s, .retries = 2};
    CHECK(one.lowered().spec.health ==
          rt::HealthSpec{.test = {"check", "-q"}, .interval = 1'000'000'000, .retries = 2});
    one.web().healthcheck = model::Healthcheck{.test = Strings{"NONE"}};
    CHECK_FALSE(one.lowered().spec.health);
    one.web().healthcheck = model::Healthcheck{.disable = true};
    CHECK_FALSE(one.lowered().spec.health);
    one.web().healthcheck = model::Healthcheck{.test = Strings{"CMD"}};
    one.check_error("service \"web\": healthcheck.test needs a command after CMD or CMD-SHELL");
  }

  TEST_CASE("logs are files with limits, or none") {
    OneService one;
    one.web().logging =
        model::Logging{.driver = "json-file", .options = {{"max-size", "10m"}, {"max-file", "3"}}};
    CHECK(one.lowered().spec.log == rt::LogSpec{.max_size = 10U << 20U, .max_files = 3});
    one.web().logging = model::Logging{.driver = "none"};
    CHECK_FALSE(one.lowered().spec.log.enabled);
    one.web().logging = model::Logging{.driver = "syslog", .options = {{"syslog-address", "x"}}};
    CHECK(
        one.lower().warnings ==
        Strings{"service \"web\": logging driver \"syslog\" is not available, the output is kept in files"});
    one.web().logging = model::Logging{.options = {{"tag", "x"}}};
    CHECK(one.lower().warnings ==
          Strings{"service \"web\": logging option \"tag\" is not available, ignoring"});
    one.web().logging = model::Logging{.options = {{"max-size", "huge"}}};
    one.check_error("service \"web\": logging option max-size: not a size: \"huge\"");
    one.web().logging = model::Logging{.options = {{"max-file", "0"}}};
    one.check_error("service \"web\": logging option max-file: not a number above 0: \"0\"");
  }

  TEST_CASE("how to stop comes from the file, else from the image") {
    OneService one;
    CHECK(one.lowered().spec.stop_signal == 15);
    CHECK(one.lowered().spec.stop_grace == 10'000'000'000);
    one.image().stop_signal = "SIGQUIT";
    CHECK(one.lowered().spec.stop_signal == 3);
    one.web().stop_signal = "SIGINT";
    one.web().stop_grace_period = 1500ms;
    CHECK(one.lowered().spec.stop_signal == 2);
    CHECK(one.lowered().spec.stop_grace == 1'500'000'000);
    one.web().stop_signal = "SIGNOPE";
    one.check_error("service \"web\": unknown signal \"SIGNOPE\"");
  }

  TEST_CASE("hooks after the start and before the stop") {
    OneService one;
    one.web().post_start = {
        {.command = Strings{"warm", "up"}, .user = "app", .environment = {{"A", "1"}, {"B", std::nullopt}}}};
    one.web().pre_stop = {{.command = Strings{"drain"}, .privileged = true, .working_dir = "/x"}};
    const auto web = one.lowered();
    CHECK(web.post_start ==
          std::vector<sched::HookSpec>{{.argv = {"warm", "up"}, .environment = {"A=1"}, .user = "app"}});
    CHECK(web.pre_stop ==
          std::vector<sched::HookSpec>{{.argv = {"drain"}, .directory = "/x", .privileged = true}});
    one.web().pre_stop[0].command.reset();
    one.check_error("service \"web\": a hook needs a command");
    one.web().pre_stop.clear();
    one.web().pre_start = {{.command = Strings{"migrate"}}};
    one.check_error("service \"web\": `pre_start` hooks are not available");
  }
}
