#include <doctest/doctest.h>

#include "loading.hpp"

using namespace compose::loader;
using namespace compose::loader::test;

TEST_SUITE("loader/include") {
  TEST_CASE("an included model has its own directory and environment") {
    const ProjectFiles files(
        {{"compose.yaml", "include: [sub/compose.yaml]\nservices: {main: {image: \"x${TAG:-}\"}}"},
         {"sub/compose.yaml", "name: other\nservices: {one: {image: \"one:$TAG\", volumes: ['./d:/d']}}"},
         {"sub/.env", "TAG=3\n"}});
    const auto project = files.load().project;
    CHECK(project.name == "shop");
    CHECK(project.services.at("one").image == "one:3");
    CHECK(files.without_directory(project.services.at("one").volumes.at(0).source) == "@/sub/d");
    CHECK(project.services.at("main").image == "x");
  }

  TEST_CASE("the including file wins over the included, the first include over the second") {
    const ProjectFiles files({{"compose.yaml", "include: [one.yaml, two.yaml]\nservices: {a: {image: main}}"},
                              {"one.yaml", "services: {a: {image: one, labels: {x: one}}}"},
                              {"two.yaml", "services: {a: {image: two, labels: {x: two, z: two}}}"}});
    const auto a = files.load().project.services.at("a");
    CHECK(a.image == "main");
    CHECK(a.labels == compose::model::StringMap{{"x", "one"}, {"z", "two"}});
  }

  TEST_CASE("a secret from a variable of the included environment keeps its value") {
    const ProjectFiles files(
        {{"compose.yaml", "include: [sub/compose.yaml]"},
         {"sub/compose.yaml", "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {environment: TOKEN}}"},
         {"sub/.env", "TOKEN=inner\n"}});
    CHECK(files.load().project.secrets.at("s").resolved_content == "inner");
  }

  TEST_CASE("a cycle is printed") {
    const ProjectFiles files({{"compose.yaml", "include: [b.yaml]"}, {"b.yaml", "include: [compose.yaml]"}});
    CHECK(files.error() ==
          "b.yaml:1:11: include cycle detected:\n@/compose.yaml\n include @/b.yaml\n include @/compose.yaml\n"
          "    include: [compose.yaml]\n              ^");
  }

  TEST_CASE("a missing file is reported where it is included") {
    CHECK(compose_file("include: [nope.yaml]").error() ==
          "compose.yaml:1:11: include: open @/nope.yaml: no such file or directory\n    include: "
          "[nope.yaml]\n              ^");
  }
}
