#include <limits>

#include "unit/compose/lower/one_service.hpp"

using namespace compose;
using namespace compose::test;

TEST_SUITE("compose/lower/lower_process") {
  TEST_CASE("arguments come from entrypoint and command of the file and of the image") {
    OneService one;
    one.image().entrypoint = {"/entry"};
    one.image().command = {"serve"};
    const auto argv = [&] { return one.lowered().spec.process.argv; };
    CHECK(argv() == Strings{"/entry", "serve"});
    one.web().command = Strings{"check", "-v"};
    CHECK(argv() == Strings{"/entry", "check", "-v"});
    one.web().entrypoint = Strings{"/other"};
    CHECK(argv() == Strings{"/other", "check", "-v"});
    one.web().command.reset();
    CHECK(argv() == Strings{"/other"});
    one.web().entrypoint = Strings{""};
    one.web().command = Strings{"run"};
    CHECK(argv() == Strings{"run"});
    one.web().entrypoint.reset();
    one.web().command = Strings{};
    CHECK(argv() == Strings{"/entry"});
  }

  TEST_CASE("without any command there is nothing to run") {
    OneService one;
    one.image().command.clear();
    one.check_error("service \"web\": no command specified, neither in the file nor in the image");
  }

  TEST_CASE("the environment is the image's with the service's on top") {
    OneService one;
    one.image().environment = {"PATH=/bin", "A=image", "B=image", "C=image"};
    one.web().environment = {{"B", "file"}, {"C", std::nullopt}, {"D", ""}, {"E", std::nullopt}};
    CHECK(one.lowered().spec.process.environment == Strings{"PATH=/bin", "A=image", "B=file", "D="});
  }

  TEST_CASE("a PATH is there even when the image has none") {
    OneService one;
    one.image().environment.clear();
    CHECK(one.lowered().spec.process.environment ==
          Strings{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"});
    one.web().environment = {{"PATH", "/opt"}};
    CHECK(one.lowered().spec.process.environment == Strings{"PATH=/opt"});
  }

  TEST_CASE("user and directory fall back to the image's") {
    OneService one;
    CHECK(one.lowered().spec.process.directory == "/");
    one.image().user = "app";
    one.image().directory = "/app";
    CHECK(one.lowered().spec.process.user == "app");
    CHECK(one.lowered().spec.process.directory == "/app");
    one.web().user = "1000:1000";
    one.web().working_dir = "/work";
    CHECK(one.lowered().spec.process.user == "1000:1000");
    CHECK(one.lowered().spec.process.directory == "/work");
  }

  TEST_CASE("limits, groups, terminal and init are passed on") {
    OneService one;
    one.web().ulimits = {{"nofile", {.soft = 1024, .hard = 4096}}, {"memlock", {.soft = -1, .hard = -1}}};
    one.web().group_add = {"video"};
    one.web().oom_score_adj = -5;
    one.web().tty = true;
    one.web().stdin_open = true;
    one.web().init = true;
    const rt::ProcessSpec p = one.lowered().spec.process;
    const auto unlimited = std::numeric_limits<std::uint64_t>::max();
    CHECK(p.rlimits == std::vector<rt::Rlimit>{{"memlock", unlimited, unlimited}, {"nofile", 1024, 4096}});
    CHECK(p.extra_groups == Strings{"video"});
    CHECK(p.oom_score_adjustment == -5);
    CHECK(p.terminal);
    CHECK(p.stdin_open);
    CHECK(p.init);
  }
}
