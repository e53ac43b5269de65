#include "compose/loader/render_config.hpp"

#include <doctest/doctest.h>

#include "compose/loader/render_value.hpp"
#include "loading.hpp"

using namespace compose::loader;
using namespace compose::loader::test;
using compose::model::Value;

TEST_SUITE("loader/render_value") {
  TEST_CASE("YAML text quotes what would read as something else") {
    const Value value =
        Value::List{"plain", "1",     "true", "y",   "no",  "",           "a: b", "# x",
                    "x #y",  "12:30", "null", "1.5", "- x", "-x",         "a\tb", "line\nline\n",
                    "*a",    "it's",  "~",    "@x",  "ü",   "2020-01-01", "a,b",  "[x"};
    CHECK(to_yaml(value) ==
          "- plain\n- \"1\"\n- \"true\"\n- 'y'\n- 'no'\n- \"\"\n- 'a: b'\n- '# x'\n- 'x #y'\n- \"12:30\"\n- "
          "\"null\"\n"
          "- \"1.5\"\n- '- x'\n- -x\n- \"a\\tb\"\n- |\n  line\n  line\n- '*a'\n- it's\n- \"~\"\n- '@x'\n- "
          "ü\n- \"2020-01-01\"\n"
          "- a,b\n- '[x'\n");
  }

  TEST_CASE("JSON text") {
    CHECK(to_json_text(Value::Mapping{
              {"a", Value::List{}}, {"b", Value::Mapping{{"c", "x\"\n"}}}, {"d", 0.5}, {"e", {}}}) ==
          "{\n  \"a\": [],\n  \"b\": {\n    \"c\": \"x\\\"\\n\"\n  },\n  \"d\": 0.5,\n  \"e\": null\n}\n");
  }
}

namespace {

std::string text_of(const ProjectFiles& files) {
  return render_config(files.load().project, {});
}

}  // namespace

TEST_SUITE("loader/render_config") {
  TEST_CASE("what config prints can be loaded again and prints the same") {
    const auto first = text_of(
        compose_file("services:\n"
                     "  a: {build: {context: ., args: {X: 1}}, command: 'echo \"$$HOME\"', ports: "
                     "['127.0.0.1:80:80/udp'],\n"
                     "      volumes: ['./d:/d:ro', 'vol:/v'], environment: {A: 'y', B: \"two\\nlines\"}, "
                     "mem_limit: 1g, ulimits: {nofile: 5},\n"
                     "      healthcheck: {test: x, interval: 90s}, deploy: {resources: {limits: {cpus: "
                     "'0.5', memory: 1g}}},\n"
                     "      secrets: [{source: s, mode: 0400}], extra_hosts: ['h:::1'], x-own: {k: [1]}}\n"
                     "volumes: {vol: {driver_opts: {a: 1}}}\n"
                     "secrets: {s: {file: ./s}}\n"
                     "x-top: 1\n"));
    const auto again = text_of(compose_file(first));
    CHECK(first == again);
    CHECK(first.find("echo") != std::string::npos);
    CHECK(first.find("$$HOME") != std::string::npos);
    CHECK(first.find("interval: 1m30s") != std::string::npos);
    CHECK(first.find("mem_limit: \"1073741824\"") != std::string::npos);
    CHECK(first.find("mode: \"0400\"") != std::string::npos);
  }

  TEST_CASE("lists") {
    auto files = compose_file(
        "services: {b: {image: y, profiles: [p, q]}, a: {build: ., volumes: ['vol:/v'], networks: [n]}}\n"
        "volumes: {vol: {}}\nnetworks: {n: {}}");
    files.options.profiles = {"*"};
    const auto project = files.load().project;
    CHECK(list_services(project) == "a\nb\n");
    CHECK(list_images(project) == "shop-a\ny\n");
    CHECK(list_volumes(project) == "vol\n");
    CHECK(list_networks(project) == "default\nn\n");
    CHECK(list_profiles(project) == "p\nq\n");
    CHECK(list_environment(project).find("COMPOSE_PROJECT_NAME=shop\n") != std::string::npos);
  }

  TEST_CASE("variables are listed with what they need") {
    const auto files = compose_file(
        "services: {a: {image: \"x:${TAG:?which}\", hostname: \"${HOST_NAME:-h}\", user: \"${U:+alt}\"}}");
    CHECK(list_variables(files.options, ConfigFormat::yaml) ==
          "NAME                REQUIRED            DEFAULT VALUE       ALTERNATE VALUE\n"
          "HOST_NAME           false               h                   \n"
          "TAG                 true                                    \n"
          "U                   false                                   alt\n");
  }

  TEST_CASE("digests are pinned by the resolver, or printed alone") {
    const auto project =
        compose_file("services: {a: {image: nginx, command: [x]}, b: {build: .}}").load().project;
    ConfigOptions options{.resolve_digest = [](const std::string& image) { return image + "@sha256:00"; }};
    CHECK(render_config(project, options).find("image: nginx@sha256:00\n") != std::string::npos);
    options.lock_image_digests = true;
    CHECK(render_config(project, options) == "services:\n  a:\n    image: nginx@sha256:00\n");
  }
}

TEST_SUITE("loader/config_hash") {
  TEST_CASE("the hash of a service ignores what does not change a container, and nothing else") {
    const auto base = service_of("services: {a: {image: x}, b: {image: y}}");
    const auto hash = service_config_hash(base);
    CHECK(hash.size() == 64);
    for (const auto* same :
         {"scale: 3", "deploy: {}", "depends_on: [b]", "pull_policy: always", "build: .", "profiles: []"}) {
      CAPTURE(same);
      auto other = service_of(std::string("services: {a: {image: x, ") + same + "}, b: {image: y}}");
      if (other.deploy) other.deploy.reset();
      CHECK(service_config_hash(other) == hash);
    }
    for (const auto* other :
         {"environment: {A: 1}", "command: []", "labels: {a: b}", "ports: ['80']", "restart: always",
          "healthcheck: {test: x}", "networks: {default: {aliases: [z]}}", "tmpfs: /x", "read_only: true"}) {
      CAPTURE(other);
      CHECK(service_config_hash(
                service_of(std::string("services: {a: {image: x, ") + other + "}, b: {image: y}}")) != hash);
    }
  }

  TEST_CASE("the local driver is the same written or not") {
    CHECK(volume_config_hash({.name = "v"}) == volume_config_hash({.name = "v", .driver = "local"}));
    CHECK(network_config_hash({.name = "n"}) != network_config_hash({.name = "n", .internal = true}));
  }
}
