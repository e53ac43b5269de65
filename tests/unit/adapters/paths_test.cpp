#include "compose/adapters/paths.hpp"

#include <cstdlib>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "compose/adapters/project_lock.hpp"

using namespace compose;

TEST_SUITE("adapters/paths") {
  TEST_CASE("both roots move with the environment, and must be absolute") {
    ::setenv("COMPOSE_DATA_ROOT", "/srv//data/", 1);
    CHECK(adapters::paths_of_this_process().database().str() == "/srv/data/state.db");
    CHECK(adapters::paths_of_this_process().run_root.str() == "/run/compose");
    ::setenv("COMPOSE_DATA_ROOT", "data", 1);
    CHECK_THROWS_WITH_AS(static_cast<void>(adapters::paths_of_this_process()),
                         "COMPOSE_DATA_ROOT: 'data' must be an absolute path", base::Error);
    ::unsetenv("COMPOSE_DATA_ROOT");
  }

  TEST_CASE("a project lock is taken without a word when it is free, and tells who holds it") {
    base::TemporaryDirectory directory;
    const adapters::Paths paths{.data_root = directory.path(), .run_root = directory.path()};
    std::string said;
    const auto note_said = [&](const std::string& text) { said = text; };
    const adapters::ProjectLock lock{paths, "shop", "up", note_said};
    CHECK(said.empty());
    CHECK_FALSE(base::LockFile::try_acquire(paths.locks() / "shop"));
    CHECK(base::LockFile::note_of_holder(paths.locks() / "shop").starts_with("\"compose up\" (pid "));
    const adapters::ProjectLock other{paths, "blog", "up", note_said};
    CHECK(said.empty());
  }

  TEST_CASE(
      "a project lock tells whether the one before was settled, and settling frees it for all who hold it") {
    base::TemporaryDirectory directory;
    const adapters::Paths paths{.data_root = directory.path(), .run_root = directory.path()};
    const auto silent = [](const std::string&) {};
    {
      const adapters::ProjectLock first{paths, "shop", "up", silent};
      CHECK(first.is_first());
      CHECK_FALSE(first.follows_unsettled());
    }
    adapters::ProjectLock second{paths, "shop", "up", silent};
    CHECK(second.follows_unsettled());
    const base::UniqueFd also_held = base::sys::duplicate(second.fd());
    second.settle();
    const adapters::ProjectLock third{paths, "shop", "up", silent};
    CHECK_FALSE(third.follows_unsettled());
  }
}
