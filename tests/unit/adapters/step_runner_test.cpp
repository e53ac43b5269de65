#include "compose/adapters/step_runner.hpp"

#include <doctest/doctest.h>

using namespace compose;

TEST_SUITE("adapters/step_runner") {
  TEST_CASE("a build step becomes a container with default rights, the host's network and no log") {
    images::StepSpec step;
    step.argv = {"/bin/sh", "-c", "make"};
    step.user = "nobody";
    step.mounts = {images::StepFile{.content = "s", .target = base::ContainerPath{"/run/secrets/s"}}};
    const auto spec = adapters::container_of_step(step, 1);
    CHECK(spec.process.argv == step.argv);
    CHECK(spec.process.user == "nobody");
    CHECK(spec.process.capabilities.size() == 14);
    CHECK(spec.security.network.mode == rt::NamespaceMode::host);
    CHECK_FALSE(spec.log.enabled);
    CHECK(std::get<rt::FileMount>(spec.mounts[0]).content == "s");
  }

  TEST_CASE("a step without network has a namespace of its own") {
    images::StepSpec step;
    step.network = images::StepNetwork::none;
    CHECK(adapters::container_of_step(step, 1).security.network.mode == rt::NamespaceMode::private_);
  }
}
