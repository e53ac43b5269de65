#include <doctest/doctest.h>

#include "loading.hpp"

using namespace compose::loader;
using namespace compose::loader::test;

namespace {

// The first line of the only problem, without its place.
std::string complaint(const std::string& text) {
  auto error = error_of(text);
  error = error.substr(0, error.find('\n'));
  const auto end_of_place = error.find(": ");
  return end_of_place == std::string::npos ? error : error.substr(end_of_place + 2);
}

}  // namespace

TEST_SUITE("loader/check_references") {
  TEST_CASE("dependency cycles are printed") {
    CHECK(complaint("services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [c]}, c: {image: "
                    "x, links: [a]}}") == "dependency cycle detected: a -> b -> c -> a");
    CHECK(complaint("services: {a: {image: x, depends_on: [a]}}") == "dependency cycle detected: a -> a");
  }

  TEST_CASE("references to what is not there name the nearest") {
    CHECK(complaint("services: {a: {image: x, networks: [fornt]}}\nnetworks: {front: {}}") ==
          "service \"a\" refers to undefined network fornt, did you mean 'front'?");
    CHECK(complaint("services: {a: {image: x, volumes: ['vol:/x']}}") ==
          "service \"a\" refers to undefined volume vol");
    CHECK(complaint("services: {a: {image: x, secrets: [q]}}") ==
          "service \"a\" refers to undefined secret q");
    CHECK(complaint("services: {a: {image: x, links: [q]}}") ==
          "service \"a\" depends on undefined service \"q\"");
    CHECK(complaint("services: {a: {}}") ==
          "service \"a\" has neither an image nor a build context specified");
  }

  TEST_CASE("attributes that contradict one another") {
    CHECK(complaint("services: {a: {image: x, network_mode: host, networks: [default]}}") ==
          "service a declares mutually exclusive `network_mode` and `networks`");
    CHECK(complaint("services: {a: {image: x, scale: 2, deploy: {replicas: 3}}}") ==
          "services.a: can't set distinct values on 'scale' and 'deploy.replicas'");
    CHECK(complaint("services: {a: {image: x, container_name: foo, scale: 2}}") ==
          "services.a: can't set container_name and scale 2, as a container name must be unique");
    CHECK(complaint("services: {a: {image: x, container_name: foo}, b: {image: x, container_name: foo}}") ==
          "services.b: container name \"foo\" is already in use by service \"a\"");
    CHECK(complaint("services: {a: {image: x, volumes: [/xyz], tmpfs: [/xyz]}}") ==
          "services.a.tmpfs[0]: target /xyz already mounted as services.a.volumes[0]");
  }

  TEST_CASE("shapes") {
    CHECK(complaint("services: {a: {image: x}}\nvolumes: {v: {external: true, driver: local}}") ==
          "volumes.v: conflicting parameters \"external\" and \"driver\" specified");
    CHECK(complaint("services: {a: {image: x}}\nsecrets: {s: {}}") ==
          "secrets.s: one of file|environment must be set");
    CHECK(complaint("services: {a: {image: x, pull_policy: alwys}}") ==
          "services.a.pull_policy: must be 'always', 'never', 'build', 'if_not_present', 'missing', "
          "'refresh', 'daily' or "
          "'weekly' or 'every_<time>', not 'alwys', did you mean 'always'?");
    CHECK(complaint("services: {a: {image: x, ports: }}") ==
          "services.a.ports: must be a list of mappings, not null; give it a value or remove the key");
    CHECK(complaint("services: {a: {image: x, depends_on: {b: {condition: started}}}, b: {image: x}}") ==
          "services.a.depends_on.b.condition: must be 'service_started', 'service_healthy' or "
          "'service_completed_successfully', not 'started'");
  }
}
