#include <doctest/doctest.h>

#include "loading.hpp"

using namespace compose::loader;
using namespace compose::loader::test;

TEST_SUITE("loader/extends") {
  TEST_CASE("a service is laid over the one it extends, through files and directories") {
    const ProjectFiles files(
        {{"compose.yaml",
          "services: {web: {extends: {file: sub/base.yaml, service: web}, labels: {own: 1}}}"},
         {"sub/base.yaml",
          "services: {web: {extends: common, image: x, volumes: ['./d:/d']}, common: {labels: {base: 1}, "
          "build: ./ctx}}"}});
    const auto web = files.load().project.services.at("web");
    CHECK(web.image == "x");
    CHECK(web.labels == compose::model::StringMap{{"base", "1"}, {"own", "1"}});
    CHECK(files.without_directory(web.volumes.at(0).source) == "@/sub/d");
    CHECK(files.without_directory(web.build->context) == "@/sub/ctx");
  }

  TEST_CASE("a reset in the extending service removes what the base says") {
    const auto service =
        service_of("services: {base: {image: x, ports: ['80']}, a: {extends: base, ports: !reset []}}");
    CHECK(service.ports.empty());
    CHECK(service.image == "x");
  }

  TEST_CASE("a cycle is printed") {
    CHECK(compose_file("services: {a: {extends: b}, b: {extends: a}}").error() ==
          "compose.yaml:1:42: circular reference:\n  a in @/compose.yaml\n  extends b in @/compose.yaml\n"
          "  extends a in @/compose.yaml\n"
          "    services: {a: {extends: b}, b: {extends: a}}\n"
          "                                             ^");
  }

  TEST_CASE("an unknown base is named, with the nearest one") {
    CHECK(error_of("services: {web: {image: x, extends: commn}, common: {image: y}}") ==
          "compose.yaml:1:37: cannot extend service \"web\": service \"commn\" not found in compose.yaml, "
          "did you mean 'common'?\n"
          "    services: {web: {image: x, extends: commn}, common: {image: y}}\n"
          "                                        ^");
  }

  TEST_CASE("chains are limited") {
    std::string text = "services:\n";
    for (int i = 0; i < 200; ++i)
      text += "  s" + std::to_string(i) + ": {extends: s" + std::to_string(i + 1) + "}\n";
    CHECK(error_of(text + "  s200: {image: x}\n").find("more than 100 services extend one another") !=
          std::string::npos);
  }
}
