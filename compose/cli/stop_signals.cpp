#include "compose/cli/stop_signals.hpp"

#include <ctime>

namespace compose::cli {

StopSignals::StopSignals() {
  sigemptyset(&wanted_);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&wanted_, signal);
  ::sigprocmask(SIG_BLOCK, &wanted_, &before_);
}

StopSignals::~StopSignals() {
  // What came meanwhile has been heard: a second Ctrl-C is no other one.
  const timespec at_once{};
  while (first_ != 0 && ::sigtimedwait(&wanted_, nullptr, &at_once) > 0) {
  }
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int StopSignals::came() noexcept {
  const timespec at_once{};
  if (first_ == 0)
    if (const int signal = ::sigtimedwait(&wanted_, nullptr, &at_once); signal > 0) first_ = signal;
  return first_;
}

}  // namespace compose::cli
