#pragma once
// Ctrl-C, SIGTERM and the end of the terminal, while something is under way that has to be ended in order:
// they do not end the command, but are asked for.
#include <csignal>

namespace compose::cli {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The first that came, from then on; 0: none has.
  int came() noexcept;

 private:
  sigset_t wanted_{};
  sigset_t before_{};
  int first_ = 0;
};

}  // namespace compose::cli
