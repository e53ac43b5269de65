#include "images/build/config_step.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using images::ImageDocument;

namespace {

using Words = std::vector<std::string>;

ImageDocument changed(const Words& changes) {
  ImageDocument document;
  document.config.environment = {"HOME=/root", "A=1"};
  document.config.entrypoint = {"/run"};
  document.config.command = {"serve"};
  document.config.directory = "/srv";
  images::apply_changes(document, changes);
  return document;
}

std::string change_error(const std::string& change) {
  try {
    images::check_changes({change});
    (void)changed({change});
  } catch (const base::Error& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_SUITE("images/build/config_step") {
  TEST_CASE("each change is one instruction, in order, and sees the variables set before it") {
    const auto config =
        changed({"ENV A=2 B=${A}x", "env C=$B", "LABEL l=$A", "USER ann:$A", "WORKDIR deep", "WORKDIR er",
                 "EXPOSE 80-81 53/udp", "VOLUME /v", "STOPSIGNAL SIGINT", "ONBUILD RUN true"})
            .config;
    CHECK(config.environment == Words{"HOME=/root", "A=2", "B=1x", "C=1x"});
    CHECK(config.labels == std::map<std::string, std::string>{{"l", "2"}});
    CHECK(config.user == "ann:2");
    CHECK(config.directory == "/srv/deep/er");
    CHECK(config.exposed_ports == Words{"53/udp", "80/tcp", "81/tcp"});
    CHECK(config.volumes == Words{"/v"});
    CHECK(config.stop_signal == "SIGINT");
    CHECK(config.on_build == Words{"RUN true"});
    CHECK(config.command == Words{"serve"});
  }

  TEST_CASE("a new entrypoint takes the old command away, but not a new one") {
    CHECK(changed({"ENTRYPOINT [\"/a\"]"}).config.command.empty());
    const auto both = changed({"CMD b c", "ENTRYPOINT [\"/a\"]"}).config;
    CHECK(both.entrypoint == Words{"/a"});
    CHECK(both.command == Words{"/bin/sh", "-c", "b c"});
  }

  TEST_CASE("what is more than configuration is refused") {
    for (const std::string change : {"RUN x", "COPY a b", "FROM x", "ARG a", "SHELL [\"a\"]", "MAINTAINER x"})
      CHECK(change_error(change) ==
            "change '" + change + "': only the configuration of the image can be changed");
    CHECK(
        change_error("EXPOSE x") ==
        "change 'EXPOSE x': EXPOSE 'x': must be a port from 1 to 65535, or a range, and may name a protocol");
    CHECK(change_error("NONSENSE").starts_with("change 'NONSENSE': "));
  }
}
