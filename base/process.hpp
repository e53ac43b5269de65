#pragma once
// A child of ours, held by pidfd: never signalled or reaped by number.
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "base/unique_fd.hpp"

namespace compose::base {

// How a process ended (waitid(2)).
struct ExitStatus {
  int code = 0;    // exit status, when it exited
  int signal = 0;  // terminating signal; 0 when it exited
  static ExitStatus from(const siginfo_t& info);
  [[nodiscard]] bool success() const noexcept { return signal == 0 && code == 0; }
  // What a shell reports: the exit status, or 128 + signal.
  [[nodiscard]] int shell_code() const noexcept { return signal == 0 ? code : 128 + signal; }
  [[nodiscard]] std::string describe() const;  // "exited with status 3", "was killed by SIGKILL"
  bool operator==(const ExitStatus&) const = default;
};

class Process {
 public:
  Process(pid_t pid, UniqueFd pidfd) noexcept : pid_(pid), pidfd_(std::move(pidfd)) {}
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] int pidfd() const noexcept { return pidfd_.get(); }  // readable when it has ended
  // False: it has ended already.
  bool send_signal(int signal) const;
  ExitStatus wait() const;                     // blocks and reaps
  std::optional<ExitStatus> try_wait() const;  // reaps if it has ended
 private:
  pid_t pid_;
  UniqueFd pidfd_;
};

// "SIGTERM", "TERM", "term", "15", "SIGRTMIN+3" -> number; nullopt for anything else.
std::optional<int> parse_signal(std::string_view name);
std::string signal_name(int signal);  // "SIGTERM"

}  // namespace compose::base
