#include "base/worker.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"

namespace compose::base {
namespace {

// A message: kind, length, bytes.
enum class Kind : char { progress = 'p', output = 'o', result = 'r', error = 'e' };
constexpr std::size_t k_head = 1 + sizeof(std::uint32_t);
constexpr std::int64_t k_between_reports = 20;  // milliseconds
constexpr int k_most_blocks = 16;               // that are read before others are heard

std::string message(Kind kind, std::string_view bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::string text(k_head, static_cast<char>(kind));
  std::memcpy(text.data() + 1, &size, sizeof size);
  return text.append(bytes);
}

std::int64_t now_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

// A child begins when its parent holds it by pidfd; one that cannot be held ends here.
void wait_for_go(int pipe) {
  char byte = 0;
  if (retry_eintr([&] { return ::read(pipe, &byte, 1); }) != 1) ::_exit(1);
}

// A signal of the terminal goes to all its processes. What it means the parent decides, and the child has the
// parent's handlers: it keeps these blocked from its first moment on.
class StopSignalsBlocked {
 public:
  StopSignalsBlocked() noexcept {
    sigset_t stop;
    sigemptyset(&stop);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) sigaddset(&stop, signal);
    ::sigprocmask(SIG_BLOCK, &stop, &before_);
  }
  ~StopSignalsBlocked() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  StopSignalsBlocked(const StopSignalsBlocked&) = delete;
  StopSignalsBlocked& operator=(const StopSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

[[noreturn]] void run_child(const Worker::Work& work, int pipe, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  std::string last;
  try {
    WorkerReport report{pipe};
    last = message(Kind::result, work(report));
  } catch (const std::exception& e) {
    last = message(Kind::error, e.what());
  }
  try {
    sys::write_all(pipe, last);
  } catch (const Error&) {
    ::_exit(1);
  }
  ::_exit(0);
}

}  // namespace

void WorkerReport::progress(std::uint64_t done) {
  const auto now = now_ms();
  if (now - told_at_ < k_between_reports) return;
  told_at_ = now;
  std::array<char, sizeof done> bytes{};
  std::memcpy(bytes.data(), &done, sizeof done);
  sys::write_all(pipe_, message(Kind::progress, {bytes.data(), bytes.size()}));
}

void WorkerReport::output(std::string_view bytes) {
  sys::write_all(pipe_, message(Kind::output, bytes));
}

Worker::Worker(const Work& work) {
  auto pipe = sys::make_pipe();
  check(::fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK), "set up a pipe");
  auto go = sys::make_pipe();
  const pid_t parent = ::getpid();
  const StopSignalsBlocked blocked;
  const pid_t pid = check(::fork(), "start a worker");
  if (pid == 0) {
    go.write_end = {};
    wait_for_go(go.read_end.get());
    run_child(work, pipe.write_end.get(), parent);
  }
  try {
    process_.emplace(pid, UniqueFd{check(sys::pidfd_open(pid, 0), "open process {}", pid)});
    sys::write_all(go.write_end.get(), "g");
  } catch (const Error&) {
    go.write_end = {};  // it ends
    (void)retry_eintr([&] { return ::waitpid(pid, nullptr, 0); });
    throw;
  }
  pipe_ = std::move(pipe.read_end);
}

Worker::~Worker() {
  if (ended_) return;
  try {
    process_->send_signal(SIGKILL);
    process_->wait();
  } catch (const Error&) {
    // It has ended, and somebody else has reaped it.
  }
}

std::optional<WorkerOutcome> Worker::take_messages(const OnProgress& on_progress, const OnOutput& on_output) {
  std::string_view rest{received_};
  std::optional<WorkerOutcome> outcome;
  while (!outcome && rest.size() >= k_head) {
    std::uint32_t size = 0;
    std::memcpy(&size, rest.data() + 1, sizeof size);
    if (rest.size() < k_head + size) break;
    const auto kind = static_cast<Kind>(rest.front());
    const auto bytes = rest.substr(k_head, size);
    rest.remove_prefix(k_head + size);
    if (kind == Kind::output) {
      if (on_output) on_output(bytes);
    } else if (kind == Kind::progress) {
      std::uint64_t done = 0;
      std::memcpy(&done, bytes.data(), std::min(sizeof done, bytes.size()));
      if (on_progress) on_progress(done);
    } else {
      outcome = WorkerOutcome{.failed = kind == Kind::error, .text = std::string{bytes}};
    }
  }
  received_.erase(0, received_.size() - rest.size());
  return outcome;
}

std::optional<WorkerOutcome> Worker::hear(const OnProgress& on_progress, const OnOutput& on_output) {
  std::array<char, 64U << 10U> block{};
  for (int i = 0; i < k_most_blocks; ++i) {
    const auto got = retry_eintr([&] { return ::read(pipe_.get(), block.data(), block.size()); });
    if (got == -1 && errno == EAGAIN) return std::nullopt;
    check(got, "hear from a worker");
    received_.append(block.data(), static_cast<std::size_t>(got));
    if (auto outcome = take_messages(on_progress, on_output)) return outcome;
    if (got != 0) continue;
    const auto status = process_->wait();
    ended_ = true;
    return WorkerOutcome{.failed = true, .text = "the process that did it " + status.describe()};
  }
  return std::nullopt;
}

std::size_t processors() noexcept {
  return static_cast<std::size_t>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

void wait_for_any(std::span<const int> fds, int milliseconds) {
  std::vector<::pollfd> polled;
  for (const int fd : fds) polled.push_back({.fd = fd, .events = POLLIN, .revents = 0});
  check(retry_eintr([&] { return ::poll(polled.data(), polled.size(), milliseconds); }), "wait for workers");
}

}  // namespace compose::base
