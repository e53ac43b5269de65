#include "compose/cli/stop_signals.hpp"

#include <functional>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::cli;

namespace {

// How a process ends that does this: the signal, or 0.
int ends_by(const std::function<void()>& work) {
  const pid_t child = base::check(::fork(), "fork");
  if (child == 0) {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_DFL);
    work();
    ::_exit(0);
  }
  int status = 0;
  base::check(base::retry_eintr([&] { return ::waitpid(child, &status, 0); }), "wait");
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_SUITE("stop_signals") {
  TEST_CASE("a signal to stop is asked for, and the first one counts") {
    struct sigaction before {};
    ::sigaction(SIGTERM, nullptr, &before);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      StopSignals signals;
      CHECK(signals.came() == 0);
      std::raise(signal);
      CHECK(signals.came() == signal);
      std::raise(SIGTERM);
      CHECK(signals.came() == signal);
    }
    struct sigaction now {};
    ::sigaction(SIGTERM, nullptr, &now);
    CHECK((now.sa_handler == before.sa_handler));
  }

  TEST_CASE("a second signal ends the command at once") {
    CHECK(ends_by([] {
            StopSignals signals;
            (void)signals.came();
            std::raise(SIGINT);
            ::usleep(400'000);  // one moment later it is another one
            std::raise(SIGTERM);
            ::pause();
          }) == SIGTERM);
  }

  TEST_CASE("where nobody asks, the first one ends the command") {
    CHECK(ends_by([] {
            const StopSignals signals;
            std::raise(SIGINT);
          }) == SIGINT);
  }

  TEST_CASE("one that comes after the last question is not lost") {
    CHECK(ends_by([] {
            StopSignals signals;
            (void)signals.came();
            std::raise(SIGHUP);
          }) == SIGHUP);
  }

  TEST_CASE("what was ignored stays so") {
    CHECK(ends_by([] {
            ::signal(SIGHUP, SIG_IGN);
            StopSignals signals;
            (void)signals.came();
            std::raise(SIGHUP);
            if (signals.came() != 0) ::raise(SIGKILL);
          }) == 0);
  }
}
