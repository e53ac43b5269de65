#include <doctest/doctest.h>

#include "loading.hpp"

using namespace compose::loader;
using namespace compose::loader::test;

namespace {

constexpr const char* k_text =
    "services:\n"
    "  web: {image: x, depends_on: [db]}\n"
    "  db: {image: y}\n"
    "  debug: {image: z, profiles: [dev], depends_on: [helper]}\n"
    "  helper: {image: h, profiles: [dev]}\n";

std::vector<std::string> names(const ProjectFiles& files) {
  std::vector<std::string> result;
  for (const auto& [name, service] : files.load().project.services) result.push_back(name);
  return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_SUITE("loader/select") {
  TEST_CASE("services with profiles wait for one of them") {
    auto files = ProjectFiles(Files{{"compose.yaml", k_text}});
    CHECK(names(files) == Names{"db", "web"});
    files.options.environment["COMPOSE_PROFILES"] = "x, dev";
    CHECK(names(files) == Names{"db", "debug", "helper", "web"});
    files.options.profiles = {"none"};
    CHECK(names(files) == Names{"db", "web"});
    files.options.profiles = {"*"};
    CHECK(names(files) == Names{"db", "debug", "helper", "web"});
  }

  TEST_CASE("naming a service selects it, its dependencies and its profiles") {
    auto files = ProjectFiles(Files{{"compose.yaml", k_text}});
    files.options.services = {"debug"};
    CHECK(names(files) == Names{"debug", "helper"});
    CHECK(files.load().project.disabled_services.contains("web"));
    files.options.services = {"w*"};
    CHECK(names(files) == Names{"db", "web"});
    files.options.with_dependencies = false;
    CHECK(names(files) == Names{"web"});
    files.options.services = {"wbe"};
    CHECK(files.error() == "no such service: wbe, did you mean 'web'?");
  }

  TEST_CASE("a dependency in an inactive profile is an error that says so, an optional one is dropped") {
    CHECK(error_of("services: {a: {image: x, depends_on: [b]}, b: {image: x, profiles: [p]}}") ==
          "compose.yaml:1:39: service \"a\" depends on undefined service \"b\", it is in the inactive "
          "profile 'p'\n"
          "    services: {a: {image: x, depends_on: [b]}, b: {image: x, profiles: [p]}}\n"
          "                                          ^");
    CHECK(service_of(
              "services: {a: {image: x, depends_on: {b: {condition: service_started, required: false}}}}")
              .depends_on.empty());
  }

  TEST_CASE("resources that no service uses are left out unless asked for") {
    auto files = compose_file("services: {a: {image: x}}\nnetworks: {n: {}}\nvolumes: {v: {}}");
    CHECK(files.load().project.volumes.empty());
    files.options.all_resources = true;
    CHECK(files.load().project.volumes.contains("v"));
    CHECK(files.load().project.networks.size() == 2);
  }
}
