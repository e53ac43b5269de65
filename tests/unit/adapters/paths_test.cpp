#include "compose/adapters/paths.hpp"

#include <cstdlib>

#include <doctest/doctest.h>

#include "base/error.hpp"

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
}
