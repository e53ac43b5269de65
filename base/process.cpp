#include "base/process.hpp"

#include <charconv>
#include <cstring>
#include <sys/wait.h>

#include "base/error.hpp"
#include "base/sys_linux.hpp"
#include "base/text.hpp"

namespace compose::base {
namespace {

std::optional<ExitStatus> wait_with(int pidfd, int options) {
  siginfo_t info{};
  check(retry_eintr([&] { return ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED | options); }),
        "wait for a process");
  if (info.si_pid == 0) return std::nullopt;
  return ExitStatus::from(info);
}

std::optional<int> parse_number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool valid_signal(int n) {
  return n >= 1 && n <= SIGRTMAX;
}

}  // namespace

ExitStatus ExitStatus::from(const siginfo_t& info) {
  if (info.si_code == CLD_EXITED) return {.code = info.si_status};
  return {.signal = info.si_status};
}

std::string ExitStatus::describe() const {
  if (signal != 0) return text("was killed by {}", signal_name(signal));
  return text("exited with status {}", code);
}

bool Process::send_signal(int signal) const {
  if (sys::pidfd_send_signal(pidfd_.get(), signal) == 0) return true;
  if (errno == ESRCH) return false;
  throw SysError(errno, text("send {} to process {}", signal_name(signal), pid_));
}

ExitStatus Process::wait() const {
  return *wait_with(pidfd_.get(), 0);
}
std::optional<ExitStatus> Process::try_wait() const {
  return wait_with(pidfd_.get(), WNOHANG);
}

std::optional<int> parse_signal(std::string_view name) {
  if (const auto number = parse_number(name)) return valid_signal(*number) ? number : std::nullopt;
  std::string upper = upper_case(name);
  if (upper.starts_with("SIG")) upper.erase(0, 3);
  if (upper == "RTMIN") return SIGRTMIN;
  if (upper == "RTMAX") return SIGRTMAX;
  if (upper.starts_with("RTMIN+") || upper.starts_with("RTMAX-")) {
    const auto offset = parse_number(std::string_view{upper}.substr(6));
    if (!offset || *offset < 0) return std::nullopt;
    const int n = upper[5] == '+' ? SIGRTMIN + *offset : SIGRTMAX - *offset;
    return n >= SIGRTMIN && n <= SIGRTMAX ? std::optional{n} : std::nullopt;
  }
  if (upper == "IOT") return SIGABRT;
  if (upper == "CLD") return SIGCHLD;
  if (upper == "POLL") return SIGIO;
  for (int n = 1; n < 32; ++n) {
    const char* abbreviation = ::sigabbrev_np(n);
    if (abbreviation != nullptr && upper == abbreviation) return n;
  }
  return std::nullopt;
}

std::string signal_name(int signal) {
  if (const char* abbreviation = ::sigabbrev_np(signal)) return text("SIG{}", abbreviation);
  if (signal >= SIGRTMIN && signal <= SIGRTMAX) return text("SIGRTMIN+{}", signal - SIGRTMIN);
  return text("signal {}", signal);
}

}  // namespace compose::base
