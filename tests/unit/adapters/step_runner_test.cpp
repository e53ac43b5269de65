#include "compose/adapters/step_runner.hpp"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "base/sys.hpp"

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

  // The process that starts a step was killed; what it had asked for comes up all the same, later.
  TEST_CASE("what is cleaned up is what a killed step left, once nothing starts any more") {
    const base::TemporaryDirectory directory;
    const adapters::Paths paths{.data_root = directory.path() / "data", .run_root = directory.path() / "run"};
    base::sys::make_directories(paths.run_root);
    adapters::ContainerStepRunner runner{paths};
    const auto id = adapters::container_of_step({}, ::getpid()).id;
    const pid_t late = base::check(::fork(), "fork");
    if (late == 0) {
      ::usleep(300'000);
      ::_exit(::mkdir((paths.run_root / id.str()).c_str(), 0755) == 0 ? 0 : 1);
    }
    runner.clean_up();
    int status = -1;
    CHECK(::waitpid(late, &status, 0) == late);
    CHECK(status == 0);
    CHECK_FALSE(base::sys::exists(paths.run_root / id.str()));
  }
}
