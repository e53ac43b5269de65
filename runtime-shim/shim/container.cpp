#include "runtime-shim/shim/container.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/fault.hpp"
#include "base/process.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/shim/control_server.hpp"
#include "runtime-shim/shim/health_monitor.hpp"
#include "runtime-shim/shim/idle_memory.hpp"
#include "runtime-shim/shim/names.hpp"
#include "runtime-shim/shim/port_relay.hpp"

namespace compose::rt {
namespace {

int shell_code(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

}  // namespace

void Container::watch_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGPIPE}) sigaddset(&set, signal);
  base::check(::sigprocmask(SIG_BLOCK, &set, nullptr), "block signals");
  signal_fd_ = base::UniqueFd{base::check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "take signals")};
  loop_.add(signal_fd_.get(), EPOLLIN, signals_);
}

void Container::Signals::ready(std::uint32_t) {
  signalfd_siginfo info{};
  while (::read(container.signal_fd_.get(), &info, sizeof info) == sizeof info) {
    // The machine shuts down, or the client of a build step has gone: the container gets its chance to end
    // well.
    if (info.ssi_signo == SIGTERM)
      container.stop(container.message_.header.die_with_launcher ? std::optional{std::chrono::nanoseconds{0}}
                                                                 : std::nullopt,
                     0);
  }
  container.reap();
}

// Not at once: others of the batch are starting still.
void Container::rest_soon() {
  if (rest_timer_ != 0) return;
  rest_timer_ = loop_.after(std::chrono::seconds{1}, [this] {
    rest_timer_ = 0;
    give_back_memory();
  });
}

void Container::run() {
  rest_soon();
  while (!ended_) loop_.run_once();
}

void Container::reap() {
  int status = 0;
  for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0 && !ended_;
       pid = ::waitpid(-1, &status, WNOHANG)) {
    if (pid == init_.pid) {
      init_ended(shell_code(status));
    } else if (const auto found = execs_.find(pid); found != execs_.end()) {
      const auto finished = std::move(found->second);
      execs_.erase(found);
      if (execs_.empty()) rest_soon();
      finished(shell_code(status));
    }
  }
}

void Container::init_ended(int exit_code) {
  base::fault_point("shim.init_ended");
  init_ = SpawnedChild{};
  loop_.cancel(grace_timer_);
  names_->withdraw();
  health_.reset();
  // With a pid namespace of its own everything in the container is dead by now; without, it is killed here.
  if (spec().security.pid.mode != NamespaceMode::private_) cgroup_.kill_all();
  output_.drain();
  error_.drain();
  input_.reset();
  status_.init_pid = 0;
  status_.exit_code = exit_code;
  status_.finished_at = base::wall_nanoseconds();
  status_.oom_killed = cgroup_.oom_killed();
  status_.dropped_output = log_.dropped_bytes();
  const auto delay =
      stopping_ ? std::nullopt : backoff_.next(exit_code, std::chrono::steady_clock::now() - started_at_);
  if (delay)
    schedule_restart(*delay);
  else
    finish(exit_code);
}

void Container::schedule_restart(std::chrono::milliseconds delay) {
  status_.state = ContainerState::restarting;
  status_.health = Health::none;
  write_status();
  restart_timer_ = loop_.after(delay, [this] { restart(); });
}

void Container::restart() {
  restart_timer_ = 0;
  try {
    start_init();
  } catch (const base::Error& e) {
    status_.error = e.what();
    const auto* failed = dynamic_cast<const StartFailed*>(&e);
    const int code = failed != nullptr ? failed->exit_code() : 125;
    names_->withdraw();
    output_.drain();
    error_.drain();
    for (auto& end : child_ends_) end.reset();
    const auto delay = backoff_.next(code, std::chrono::nanoseconds{0});
    if (delay)
      schedule_restart(*delay);
    else
      finish(code);
  }
}

void Container::finish(int exit_code) {
  status_.state = ContainerState::exited;
  status_.stopping = false;
  status_.health = Health::none;
  output_.close_tees();
  error_.close_tees();
  followers_.close();
  relay_.reset();
  names_.reset();
  if (!cgroup_.remove()) {
    cgroup_.kill_all();
    cgroup_.remove();
  }
  supervisor_cgroup_.leave();
  status_.exit_code = exit_code;
  write_status();
  run_.remove("control");
  base::fault_point("shim.exited");
  for (const auto& action : std::exchange(ended_actions_, {})) action(exit_code);
  ended_ = true;
}

// After a start that failed: nothing of it may stay.
void Container::release() {
  control_.reset();
  relay_.reset();
  names_.reset();
  run_.remove("control");
  cgroup_.kill_all();
  cgroup_.remove();
  supervisor_cgroup_.leave();
}

void Container::write_status() {
  run_.write_status(status_);
}

// Whoever sends KILL or the container's stop signal wants it ended: no restart follows.
void Container::kill(int signal) {
  const bool ends_it = signal == SIGKILL || signal == spec().stop_signal;
  if (ends_it && restart_timer_ != 0) return end_waiting();
  if (init_.pid == 0) base::fail("the container is not running");
  if (base::sys::pidfd_send_signal(init_.pidfd.get(), signal) == -1 && errno != ESRCH)
    throw base::SysError(errno, base::text("send {} to the container", base::signal_name(signal)));
  if (!ends_it) return;
  stopping_ = true;
  // A frozen process takes no signal, not even the last one.
  if (status_.state == ContainerState::paused) unpause();
}

void Container::end_waiting() {
  loop_.cancel(restart_timer_);
  finish(status_.exit_code);
}

void Container::stop(std::optional<std::chrono::nanoseconds> grace, int signal) {
  stopping_ = true;
  if (restart_timer_ != 0) return end_waiting();
  if (init_.pid == 0) return;
  if (grace_timer_ != 0 && !grace && signal == 0) return;  // it is on its way, and keeps its time
  const auto patience = grace.value_or(std::chrono::nanoseconds{spec().stop_grace});
  const auto kill_now = [this] {
    if (init_.pid != 0) base::sys::pidfd_send_signal(init_.pidfd.get(), SIGKILL);
    // Its children die with it in a pid namespace of their own; a frozen or shared one needs the cgroup.
    if (spec().security.pid.mode != NamespaceMode::private_ || status_.state == ContainerState::paused)
      cgroup_.kill_all();
  };
  loop_.cancel(grace_timer_);
  if (patience <= std::chrono::nanoseconds{0} || (signal == SIGKILL)) return kill_now();
  if (!std::exchange(status_.stopping, true)) write_status();
  base::sys::pidfd_send_signal(init_.pidfd.get(), signal != 0 ? signal : spec().stop_signal);
  if (status_.state == ContainerState::paused) unpause();
  grace_timer_ = loop_.after(patience, [this, kill_now] {
    grace_timer_ = 0;
    kill_now();
  });
}

void Container::pause() {
  if (status_.state == ContainerState::paused) base::fail("the container is already paused");
  if (status_.state != ContainerState::running) base::fail("the container is not running");
  cgroup_.freeze(true);
  status_.state = ContainerState::paused;
  write_status();
}

void Container::unpause() {
  if (status_.state != ContainerState::paused) base::fail("the container is not paused");
  cgroup_.freeze(false);
  status_.state = ContainerState::running;
  write_status();
}

void Container::kill_exec(pid_t pid) {
  if (execs_.contains(pid)) ::kill(-pid, SIGKILL);  // not reaped yet, so the number is still its own
}

base::UniqueFd Container::attach(base::UniqueFd output, base::UniqueFd error, bool close_stdin_after) {
  if (message_.header.direct_stdio) base::fail("the container's output belongs to its caller");
  if (output) output_.add_tee(std::move(output));
  if (error) error_.add_tee(std::move(error));
  if (!input_) return {};
  const bool give_away = close_stdin_after && !spec().process.terminal;
  return give_away
             ? std::move(input_)
             : base::UniqueFd{base::check(::fcntl(input_.get(), F_DUPFD_CLOEXEC, 3), "duplicate stdin")};
}

void Container::follow(base::UniqueFd pipe) {
  if (message_.header.direct_stdio) base::fail("the container's output belongs to its caller");
  followers_.add(std::move(pipe));
}

void Container::set_health(Health health, std::string output) {
  if (status_.state != ContainerState::running && status_.state != ContainerState::paused) return;
  if (status_.health == health && status_.health_output == output) return;
  status_.health = health;
  status_.health_output = std::move(output);
  write_status();
}

}  // namespace compose::rt
