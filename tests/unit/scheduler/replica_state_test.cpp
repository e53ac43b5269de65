#include "scheduler/replica_state.hpp"

#include <doctest/doctest.h>

using namespace compose::sched;
using compose::rt::ContainerState;
using compose::rt::ContainerStatus;

TEST_SUITE("scheduler/replica_state") {
  TEST_CASE("what each state allows") {
    struct Row {
      ContainerState state;
      bool active, up, executes, ended;
    };
    constexpr Row k_rows[] = {
        {ContainerState::created, false, false, false, false},
        {ContainerState::running, true, true, true, false},
        {ContainerState::paused, true, true, false, false},
        {ContainerState::restarting, true, false, false, false},
        {ContainerState::exited, false, false, false, true},
        {ContainerState::dead, false, false, false, true},
    };
    for (const Row& row : k_rows) {
      CAPTURE(static_cast<int>(row.state));
      const ContainerStatus status{.state = row.state};
      CHECK(is_active(status) == row.active);
      CHECK(is_up(status) == row.up);
      CHECK(takes_hooks(status) == row.executes);
      CHECK_FALSE(is_leaving(status));
      const ContainerStatus stopping{.state = row.state, .stopping = true};
      CHECK_FALSE(takes_hooks(stopping));
      CHECK(is_leaving(stopping) == row.active);
      CHECK(has_ended(status) == row.ended);
    }
  }
}
