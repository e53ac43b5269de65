#pragma once
// Ctrl-C, SIGTERM and the end of the terminal, while something is under way that has to be ended in order:
// they do not end the command, but are asked for. Who asks for none for long cannot end in order: then they
// end the command at once, as a second one does.
#include <array>
#include <csignal>

namespace compose::cli {

// One at a time, in the only thread.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // The first that came, from then on; 0: none has. Those that were ignored before stay so.
  int came() noexcept;

 private:
  static constexpr std::array<int, 3> k_signals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, k_signals.size()> before_{};
};

}  // namespace compose::cli
