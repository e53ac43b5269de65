#include "compose/cli/stop_signals.hpp"

#include <doctest/doctest.h>

using namespace compose::cli;

TEST_SUITE("stop_signals") {
  TEST_CASE("a signal to stop is asked for, and the first one counts") {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      StopSignals signals;
      CHECK(signals.came() == 0);
      std::raise(signal);
      CHECK(signals.came() == signal);
      std::raise(SIGTERM);
      CHECK(signals.came() == signal);
    }
    sigset_t blocked;
    ::sigprocmask(SIG_BLOCK, nullptr, &blocked);
    CHECK(sigismember(&blocked, SIGTERM) == 0);
  }
}
