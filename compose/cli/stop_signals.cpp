#include "compose/cli/stop_signals.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>

namespace compose::cli {
namespace {

constexpr std::int64_t k_still_asked = 3000;  // milliseconds since it was asked last
constexpr std::int64_t k_same_moment = 300;   // who tells a process and then its group means it once

// What the handler reads and writes: nothing else is safe in it.
std::atomic<int> first_signal{0};
std::atomic<std::int64_t> first_came_at{0};
std::atomic<std::int64_t> last_asked_at{0};  // 0: never
std::atomic<bool> was_heard{false};
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

std::int64_t milliseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1000 + now.tv_nsec / 1'000'000;
}

// It is blocked while its handler runs, so it ends the command when that returns.
void end_by(int signal) noexcept {
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void on_stop_signal(int signal) noexcept {
  const int error = errno;
  const auto now = milliseconds();
  if (first_signal != 0) {
    if (now - first_came_at > k_same_moment) end_by(signal);
  } else if (last_asked_at == 0 || now - last_asked_at > k_still_asked) {
    end_by(signal);
  } else {
    first_came_at = now;
    first_signal = signal;
  }
  errno = error;
}

}  // namespace

StopSignals::StopSignals() {
  first_signal = 0;
  last_asked_at = 0;
  was_heard = false;
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : k_signals) sigaddset(&action.sa_mask, signal);
  for (std::size_t i = 0; i < k_signals.size(); ++i) {
    ::sigaction(k_signals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) ::sigaction(k_signals[i], &action, nullptr);
  }
}

StopSignals::~StopSignals() {
  for (std::size_t i = 0; i < k_signals.size(); ++i) ::sigaction(k_signals[i], &before_[i], nullptr);
  if (first_signal != 0 && !was_heard) ::raise(first_signal);  // it came after the last question
}

int StopSignals::came() noexcept {
  last_asked_at = milliseconds();
  if (first_signal != 0) was_heard = true;
  return first_signal;
}

}  // namespace compose::cli
