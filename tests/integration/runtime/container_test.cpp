#include <doctest/doctest.h>

#include "base/error.hpp"
#include "scratch_world.hpp"

using namespace compose;
using test::ScratchWorld;

TEST_SUITE("runtime/container") {
  TEST_CASE("a container runs its command, logs both streams and leaves its exit code") {
    ScratchWorld world;
    const auto spec = world.spec({"sh", "-c", "echo hello; echo bad >&2; exit 3"});
    CHECK(world.run(spec) == 3);
    CHECK(world.output(spec.id) == "hello\n");
    CHECK(world.log(spec.id).find("stderr F bad\n") != std::string::npos);
    const auto status = world.status(spec.id).value();
    CHECK(status.state == rt::ContainerState::exited);
    CHECK(status.exit_code == 3);
  }
}
