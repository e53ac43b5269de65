#include "compose/loader/load_project.hpp"

#include <doctest/doctest.h>

#include "loading.hpp"

using namespace compose::loader;
using namespace compose::loader::test;

TEST_SUITE("loader/load_project") {
  TEST_CASE("all problems of a file come at once, with place, line and caret") {
    CHECK(
        error_of("services:\n"
                 "  web:\n"
                 "    imagee: nginx\n"
                 "    ports: [\"99999:80\"]\n"
                 "    restart: false\n"
                 "foo: 1\n") ==
        "compose.yaml:3:5: services.web: unknown key 'imagee', did you mean 'image'?\n"
        "        imagee: nginx\n"
        "        ^\n"
        "compose.yaml:4:13: services.web.ports[0]: invalid host port '99999', ports are 1 to 65535\n"
        "        ports: [\"99999:80\"]\n"
        "                ^\n"
        "compose.yaml:5:14: services.web.restart: must be a string, not a boolean 'false'; put it in quotes\n"
        "        restart: false\n"
        "                 ^\n"
        "compose.yaml:6:1: unknown key 'foo'\n"
        "    foo: 1\n"
        "    ^");
  }

  TEST_CASE("a service at the top level is told where it belongs") {
    CHECK(error_of("web:\n  image: x\n") ==
          "compose.yaml:1:1: unknown key 'web', services belong under 'services:'\n    web:\n    ^");
  }

  TEST_CASE("the caret of an interpolation problem points at the expression") {
    CHECK(error_of("services: {a: {image: \"x:${TAG:?which one}\"}}") ==
          "compose.yaml:1:26: services.a.image: required variable TAG is missing a value: which one\n"
          "    services: {a: {image: \"x:${TAG:?which one}\"}}\n"
          "                             ^");
  }

  TEST_CASE("an override file is found beside the first and merged over it") {
    const ProjectFiles files(
        {{"compose.yaml", "services: {a: {image: one, command: [x], environment: {A: 1}}}"},
         {"docker-compose.override.yml", "services: {a: {image: two, environment: [B=2]}}"}});
    CHECK(files.config() ==
          "name: shop\n"
          "services:\n"
          "  a:\n"
          "    command:\n"
          "      - x\n"
          "    environment:\n"
          "      A: \"1\"\n"
          "      B: \"2\"\n"
          "    image: two\n"
          "    networks:\n"
          "      default: null\n"
          "networks:\n"
          "  default:\n"
          "    name: shop_default\n");
  }

  TEST_CASE("merging values of different kinds names both") {
    ProjectFiles files({{"a.yaml", "services: {a: {image: x, healthcheck: {test: x}}}"},
                        {"b.yaml", "services: {a: {healthcheck: [x]}}"}});
    files.options.files = {"a.yaml", "b.yaml"};
    CHECK(files.error() ==
          "b.yaml:1:29: services.a.healthcheck: cannot override a mapping with a list\n"
          "    services: {a: {healthcheck: [x]}}\n"
          "                                ^");
  }

  TEST_CASE("files are searched upwards, .yaml first, and two candidates give a warning") {
    ProjectFiles files({{"compose.yml", "services: {a: {image: wrong}}"},
                        {"compose.yaml", "services: {a: {image: right}}"},
                        {"sub/empty", ""}});
    files.options.current_directory = files.path("sub");
    const auto loaded = files.load();
    CHECK(loaded.project.services.at("a").image == "right");
    CHECK(loaded.project.working_directory == files.path("").substr(0, files.path("").size() - 1));
    REQUIRE(loaded.warnings.size() == 2);
    CHECK(files.without_directory(loaded.warnings[0]) ==
          "Found multiple config files with supported names: @/compose.yaml, @/compose.yml");
  }

  TEST_CASE("COMPOSE_FILE lists files, from .env as well") {
    ProjectFiles files({{".env", "COMPOSE_FILE=a.yaml,b.yaml\nCOMPOSE_PATH_SEPARATOR=,\nTAG=1\n"},
                        {"a.yaml", "services: {a: {image: \"x:$TAG\"}}"},
                        {"b.yaml", "services: {b: {image: y}}"}});
    const auto project = files.load().project;
    CHECK(project.services.at("a").image == "x:1");
    CHECK(project.services.contains("b"));
  }

  TEST_CASE("no file, a missing file, a remote file") {
    ProjectFiles files(Files{{"sub/x", ""}});
    files.options.current_directory = "/proc";
    CHECK(files.error() == "no configuration file provided: not found");
    files.options.files = {"/proc/nope.yaml"};
    CHECK(files.error() == "open /proc/nope.yaml: no such file or directory");
    files.options.files = {"oci://registry/x"};
    CHECK(files.error() ==
          "the compose file 'oci://registry/x' is remote: compose files are read from this host only, fetch "
          "it first");
  }

  TEST_CASE("standard input is a file named -") {
    ProjectFiles files(Files{{"x", ""}});
    files.options.files = {"-"};
    files.options.read_standard_input = [] { return std::string{"services: {a: {image: x, foo: 1}}"}; };
    CHECK(files.error() ==
          "standard input:1:26: services.a: unknown key 'foo'\n    services: {a: {image: x, foo: 1}}\n"
          "                             ^");
  }

  TEST_CASE("the project's name: flag, variable, file, directory") {
    ProjectFiles files({{"My.App_1/compose.yaml", "services: {a: {image: \"x-${COMPOSE_PROJECT_NAME}\"}}"},
                        {"My.App_1/named.yaml", "name: From.File\nservices: {a: {image: x}}"}});
    files.options.project_name.clear();
    files.options.current_directory = files.path("My.App_1");
    CHECK(files.load().project.services.at("a").image == "x-myapp_1");
    CHECK(find_project_name(files.options) == "myapp_1");
    files.options.files = {"named.yaml"};
    CHECK(find_project_name(files.options) == "fromfile");
    files.options.environment["COMPOSE_PROJECT_NAME"] = "env";
    CHECK(find_project_name(files.options) == "env");
    files.options.project_name = "flag";
    CHECK(find_project_name(files.options) == "flag");
    files.options.project_name = "Bad";
    CHECK(files.error() ==
          "invalid project name \"Bad\": must consist only of lowercase alphanumeric characters, hyphens, "
          "and underscores "
          "as well as start with a letter or number");
  }

  TEST_CASE("the caller's environment wins over env files, later files over earlier ones") {
    ProjectFiles files({{"compose.yaml", "services: {a: {image: \"$A-$B-$C\"}}"},
                        {"one.env", "A=1\nB=1\nC=1\n"},
                        {"two.env", "B=2\nC=${A}2\n"}});
    files.options.env_files = {"one.env", "two.env"};
    files.options.environment["A"] = "os";
    CHECK(files.load().project.services.at("a").image == "os-2-os2");
    files.options.env_files = {"three.env"};
    CHECK(files.error() == "couldn't find env file: @/three.env");
  }

  TEST_CASE("an unset variable is a warning, once") {
    const auto loaded = compose_file("services: {a: {image: \"x$NOPE\", hostname: \"$NOPE\"}}").load();
    CHECK(loaded.warnings ==
          std::vector<std::string>{"The \"NOPE\" variable is not set. Defaulting to a blank string."});
  }

  TEST_CASE("what has no effect here is said once for each attribute") {
    const auto loaded =
        compose_file(
            "services:\n  a: {image: x, cpu_count: 2}\n  b: {image: x, cpu_count: 3, runtime: runc}\n")
            .load();
    CHECK(loaded.warnings ==
          std::vector<std::string>{"compose.yaml:2:17: services.a.cpu_count has no effect here: an attribute "
                                   "of Windows containers, ignoring",
                                   "compose.yaml:3:31: services.b.runtime has no effect here: there is one "
                                   "runtime, the built-in one, ignoring"});
  }

  TEST_CASE("a command that a shell would have cut is pointed out") {
    const auto loaded = compose_file("services: {a: {image: x, command: echo hi && sleep 5}}").load();
    CHECK(loaded.warnings ==
          std::vector<std::string>{
              "compose.yaml:1:35: services.a.command: no shell runs this, so the command ends before "
              "'&& sleep 5'; write [\"sh\", \"-c\", \"...\"]"});
  }

  TEST_CASE("after a hundred problems the rest is counted as more") {
    std::string text = "services:\n";
    for (int i = 0; i < 200; ++i) text += "  s" + std::to_string(i) + ": {image: x, foo: 1}\n";
    const auto error = error_of(text);
    CHECK(error.ends_with("\nthese are the first 100 problems, there are more"));
  }

  TEST_CASE("!reset and !override act on every earlier file") {
    ProjectFiles files(
        {{"a.yaml",
          "services: {a: {image: x, ports: ['80:80'], dns: [1.1.1.1], labels: [k=v, l=w]}, b: {image: y}}"},
         {"b.yaml",
          "services: {a: {ports: !reset [], dns: !override [2.2.2.2], labels: {k: !reset null}}, b: !reset "
          "null}"}});
    files.options.files = {"a.yaml", "b.yaml"};
    const auto project = files.load().project;
    const auto& a = project.services.at("a");
    CHECK(a.ports.empty());
    CHECK(a.dns == std::vector<std::string>{"2.2.2.2"});
    CHECK(a.labels == compose::model::StringMap{{"l", "w"}});
    CHECK_FALSE(project.services.contains("b"));
  }

  TEST_CASE("what is named on the command line or in the environment and cannot be used is told by name") {
    const auto error_with = [&](auto change) {
      ProjectFiles changed(Files{{"compose.yaml", "services: {a: {image: x}}"}, {"directory/file", ""}});
      change(changed.options);
      return changed.error();
    };
    CHECK(error_with([](LoadOptions& o) { o.files = {"directory"}; }) ==
          "open @/directory: it is a directory");
    CHECK(error_with([](LoadOptions& o) { o.files = {"nope.yaml"}; }) ==
          "open @/nope.yaml: no such file or directory");
    CHECK(error_with([](LoadOptions& o) { o.env_files = {"directory"}; }) == "@/directory is a directory");
    CHECK(error_with([](LoadOptions& o) { o.env_files = {"nope.env"}; }) ==
          "couldn't find env file: @/nope.env");
    CHECK(error_with([](LoadOptions& o) { o.environment["COMPOSE_DISABLE_ENV_FILE"] = "maybe"; }) ==
          "COMPOSE_DISABLE_ENV_FILE: 'maybe' is not a boolean");
    CHECK(error_with([](LoadOptions& o) { o.project_name = "Shop!"; }) ==
          "invalid project name \"Shop!\": must consist only of lowercase alphanumeric characters, hyphens, "
          "and "
          "underscores as well as start with a letter or number");
  }
}
