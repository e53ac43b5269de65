#include "runtime-shim/shim/health_monitor.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "runtime-shim/shim/container.hpp"

namespace compose::rt {
namespace {

constexpr std::size_t k_most_output = 4096;

}  // namespace

Health HealthJudge::after(bool success, bool in_start_period) {
  if (success) {
    failures_ = 0;
    now_ = Health::healthy;
  } else if (!(in_start_period && now_ == Health::starting) && ++failures_ >= retries_) {
    now_ = Health::unhealthy;
  }
  return now_;
}

HealthMonitor::HealthMonitor(Container& container, const HealthSpec& spec)
    : container_(container), spec_(spec), judge_(spec.retries == 0 ? 3 : spec.retries) {
  schedule();
}

HealthMonitor::~HealthMonitor() {
  *self_ = nullptr;
  close_output();
  container_.loop().cancel(timer_);
  if (probe_pid_ != 0) container_.kill_exec(probe_pid_);
}

bool HealthMonitor::in_start_period() const {
  return std::chrono::steady_clock::now() - began_ < std::chrono::nanoseconds{spec_.start_period};
}

void HealthMonitor::schedule() {
  const bool starting = judge_.now() == Health::starting && in_start_period();
  const std::chrono::nanoseconds delay{starting ? std::min(spec_.start_interval, spec_.interval)
                                                : spec_.interval};
  timer_ = container_.loop().after(delay, [this] {
    timer_ = 0;
    probe();
  });
}

void HealthMonitor::probe() {
  if (container_.status().state == ContainerState::paused) return schedule();
  text_.clear();
  timed_out_ = false;
  try {
    auto pipe = base::sys::make_pipe();
    const int stdio[3] = {-1, pipe.write_end.get(), pipe.write_end.get()};
    auto request = request_of(container_.spec().process, container_.spec().security.privileged);
    request.argv = spec_.test;
    request.terminal = false;
    probe_pid_ = container_
                     .exec(request, stdio,
                           [self = self_](int code) {
                             if (*self != nullptr) (*self)->probe_ended(code);
                           })
                     .pid;
    output_ = std::move(pipe.read_end);
    base::check(::fcntl(output_.get(), F_SETFL, O_NONBLOCK), "read the health probe");
    container_.loop().add(output_.get(), EPOLLIN, *this);
  } catch (const base::Error& e) {
    text_ = e.what();
    return probe_ended(1);
  }
  timer_ = container_.loop().after(std::chrono::nanoseconds{spec_.timeout}, [this] {
    timer_ = 0;
    timed_out_ = true;
    container_.kill_exec(probe_pid_);
  });
}

void HealthMonitor::ready(std::uint32_t) {
  take_output();
}

// Everything is read, so that the probe does not block; only the beginning is kept.
void HealthMonitor::take_output() {
  char buffer[1024];
  while (output_) {
    const auto n = base::retry_eintr([&] { return ::read(output_.get(), buffer, sizeof buffer); });
    if (n == -1 && errno == EAGAIN) return;
    if (n <= 0) return close_output();
    text_.append(buffer, std::min(static_cast<std::size_t>(n), k_most_output - text_.size()));
  }
}

void HealthMonitor::close_output() {
  if (output_) container_.loop().remove(output_.get());
  output_.reset();
}

void HealthMonitor::probe_ended(int exit_code) {
  probe_pid_ = 0;
  container_.loop().cancel(timer_);
  take_output();
  close_output();
  if (timed_out_) text_ = base::text("health check exceeded timeout ({} ms)", spec_.timeout / 1'000'000);
  container_.set_health(judge_.after(exit_code == 0 && !timed_out_, in_start_period()), text_);
  schedule();
}

}  // namespace compose::rt
