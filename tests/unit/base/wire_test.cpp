#include "base/wire.hpp"

#include <doctest/doctest.h>

#include "base/json.hpp"
#include "runtime-shim/spec/container_spec.hpp"

using namespace compose;

namespace {

rt::ContainerSpec sample() {
  rt::ContainerSpec spec;
  spec.id = rt::ContainerId{std::string(64, 'a')};
  spec.name = "shop-web-1";
  spec.process.argv = {"sh", "-c", "true"};
  spec.mounts = {rt::TmpfsMount{.target = base::ContainerPath{"/tmp"}, .size = 4096},
                 rt::FileMount{.content = "x", .target = base::ContainerPath{"/etc/hosts"}}};
  spec.security.sysctls["net.core.somaxconn"] = "1024";
  spec.resources.memory = 1 << 20;
  spec.health = rt::HealthSpec{.test = {"true"}};
  spec.dns.extra_hosts = {{"db", "10.0.0.1"}};
  return spec;
}

}  // namespace

TEST_SUITE("base/wire") {
  TEST_CASE("a container spec survives the wire and JSON") {
    CHECK(base::from_wire<rt::ContainerSpec>(base::to_wire(sample())) == sample());
    CHECK(base::parse_record<rt::ContainerSpec>(base::to_json(sample()).dump(), "a spec") == sample());
  }
  TEST_CASE("every truncation of a wire form is an error, never a crash") {
    const std::string whole = base::to_wire(sample());
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_THROWS_AS(
          static_cast<void>(base::from_wire<rt::ContainerSpec>(std::string_view{whole}.substr(0, n))),
          base::Error);
  }
  TEST_CASE("bytes after the end are an error") {
    CHECK_THROWS_WITH_AS(
        static_cast<void>(base::from_wire<rt::RestartPolicy>(base::to_wire(rt::RestartPolicy{}) + "x")),
        "read a message: bytes follow its end", base::Error);
  }
  TEST_CASE("a mismatch in JSON names its path") {
    CHECK_THROWS_WITH_AS(
        static_cast<void>(base::parse_record<rt::ContainerSpec>(R"({"process": {"argv": [1]}})", "a spec")),
        "read a spec: process.argv[0]: must be a string", base::Error);
  }
}
