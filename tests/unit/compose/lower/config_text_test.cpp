#include "base/json.hpp"
#include "scheduler/config_difference.hpp"
#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;
using sched::config_difference;

TEST_SUITE("compose/lower/config_text") {
  TEST_CASE("a change is found under the key of the compose file") {
    OneService before;
    OneService after;
    after.web().environment["MODE"] = "fast";
    after.web().command = Strings{"serve"};
    CHECK(config_difference(before.lowered().config, after.lowered().config) ==
          "configuration changed: command, environment.MODE");
    after = before;
    after.web().mem_limit = 1 << 20;
    after.web().read_only = true;
    after.web().restart = "always";
    CHECK(config_difference(before.lowered().config, after.lowered().config) ==
          "configuration changed: read_only, resources.memory, resources.memory_swap, restart.mode");
  }

  TEST_CASE("the content of a secret is told apart and not shown") {
    OneService one;
    one.project.secrets["token"] = {.name = "shop_token", .resolved_content = "hunter2"};
    one.web().secrets = {{.source = "token"}};
    const std::string before = one.lowered().config;
    CHECK(before.find("hunter2") == std::string::npos);
    one.project.secrets["token"].resolved_content = "other";
    CHECK(config_difference(before, one.lowered().config) ==
          "configuration changed: volumes./run/secrets/token");
  }

  TEST_CASE("labels of ours are no configuration") {
    CHECK(OneService{}.lowered().config.find("com.docker.compose") == std::string::npos);
  }
}
