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
          "service \"a\" refers in 'links' to undefined service \"q\"");
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

  TEST_CASE("services that are not wanted together may have the same port and address") {
    auto files = compose_file(
        "services:\n  a: {image: x, ports: ['80:80'], networks: {n: {ipv4_address: 10.2.0.5}}}\n"
        "  b: {image: x, ports: ['80:80'], networks: {n: {ipv4_address: 10.2.0.5}}}\n"
        "  c: {image: x, profiles: [p], ports: ['80:80']}\n"
        "networks: {n: {ipam: {config: [{subnet: 10.2.0.0/16}]}}}\n");
    CHECK(
        files.error() ==
        "compose.yaml:3:25: services.b.ports[0]: port 80/tcp of the host is published by services.a.ports[0] "
        "already\n"
        "      b: {image: x, ports: ['80:80'], networks: {n: {ipv4_address: 10.2.0.5}}}\n"
        "                            ^\n"
        "compose.yaml:3:64: services.b.networks.n.ipv4_address: service \"a\" has the address 10.2.0.5 "
        "already\n"
        "      b: {image: x, ports: ['80:80'], networks: {n: {ipv4_address: 10.2.0.5}}}\n"
        "                                                                   ^");
    files.options.services = {"b"};
    CHECK(files.error() == "");
    files.options.services = {};
    files.options.all_services = true;
    CHECK(files.error() == "");
  }

  TEST_CASE("one port of different addresses, families or protocols, and ranges, go together") {
    CHECK(error_of(
              "services: {a: {image: x, ports: ['127.0.0.1:80:80', '127.0.0.2:80:80', '[::1]:80:80', "
              "'80:80/udp', '0.0.0.0:81:80', '[::]:81:80', '8000-8010:80', '8000-8010:81', '90', '90']}}") ==
          "");
    CHECK(complaint("services: {a: {image: x, ports: ['[::]:80:80', '[::1]:80:80']}}") ==
          "services.a.ports[1]: port 80/tcp of the host is published by services.a.ports[0] already");
  }

  TEST_CASE("values that stay what they are") {
    CHECK(error_of(
              "services: {a: {image: x, restart: '', dns: ['1.1.1.1', 'fd00::1', ''], mac_address: '', "
              "stop_signal: rtmin+3, cap_add: [all, cap_sys_admin], cpuset: '0,2-3', pid: '', ipc: "
              "'container:c', "
              "extra_hosts: ['a:host-gateway', 'b=[::1]'], ulimits: {nofile: -1, core: {soft: 0, hard: -1}}, "
              "mem_limit: 6m, memswap_limit: -1, tmpfs: ['/run:size=1m'], platform: arm64, "
              "deploy: {restart_policy: {condition: unless-stopped}}}}") == "");
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
