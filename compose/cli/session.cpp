#include "compose/cli/session.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "compose/adapters/hook_adapter.hpp"
#include "compose/adapters/network_adapter.hpp"
#include "compose/adapters/port_claims.hpp"
#include "compose/adapters/volume_adapter.hpp"
#include "compose/cli/interruption.hpp"
#include "compose/ui/progress.hpp"
#include "images/store.hpp"

namespace compose::cli {

namespace asio = boost::asio;

namespace {

// Outlives its session: what had not ended when the session did (answers that nobody waits for any more, all
// that an interrupt cuts off) would take its leave of adapters that are gone. The end of the process takes it
// all.
asio::io_context& kept_to_the_end() {
  static auto& kept = *new std::vector<std::unique_ptr<asio::io_context>>;
  return *kept.emplace_back(std::make_unique<asio::io_context>(1));
}

}  // namespace

struct Session::Parts {
  Context& context;
  const sched::DesiredState& desired;
  asio::io_context& io = kept_to_the_end();
  adapters::RuntimeAdapter runtime;
  adapters::NetworkAdapter networks;
  adapters::VolumeAdapter volumes;
  adapters::HookAdapter hooks;
  sched::Interrupt interrupt;
  OnSignal on_signal;
  int first_signal = SIGINT;
  int signals_seen = 0;
  bool hangup_counts = false;
  std::optional<asio::posix::stream_descriptor> end_requests;
  std::function<void()> on_end_request;
  std::optional<std::string> ended_by;
  bool waits_unlocked = false;
  std::optional<std::string> unsettled;  // why the networks could not be settled before that

  Parts(Context& c, const sched::DesiredState& d)
      : context(c),
        desired(d),
        runtime({.executor = io.get_executor(),
                 .state = c.state(),
                 .networks = c.networks(),
                 .ports = c.ports(),
                 .layers_of = [&c](const std::string& id) { return c.images().require(id).layers; },
                 .paths = c.paths(),
                 .clock = c.clock(),
                 .desired = &desired,
                 .project_lock = [&c] { return c.lock_descriptor(); }}),
        networks(c.networks(), d.project),
        volumes(c.state(), c.paths(), d.project, c.clock()),
        hooks(io.get_executor(), c.paths()) {}

  void refuse_taken_ports(const sched::Plan& plan) {
    const auto summary_of = [&](const rt::ContainerId& id) -> std::optional<adapters::ContainerSummary> {
      auto record = context.state().container(id);
      return record ? std::optional{std::move(record->summary)} : std::nullopt;
    };
    adapters::check_claims(adapters::port_claims(plan, desired, summary_of), context.ports());
  }

  void handle_signal(int signal) {
    ++signals_seen;
    if (on_signal) return on_signal(signal, signals_seen);
    if (signals_seen > 1) throw Interrupted{signal};
    first_signal = signal;
    interrupt.request();
  }

  // False: nobody asked (yet).
  bool take_end_request() {
    auto who = context.take_end_request();
    if (!who) return false;
    ended_by = std::move(who);
    if (on_end_request)
      on_end_request();
    else
      interrupt.request();
    return true;
  }

  void wait_for_end_request() {
    end_requests->async_wait(asio::posix::stream_descriptor::wait_read,
                             [this](const boost::system::error_code& error) {
                               if (!error && !take_end_request()) wait_for_end_request();
                             });
  }
};

Session::Session(Context& context, const sched::DesiredState& desired)
    : parts_(std::make_unique<Parts>(context, desired)) {}
Session::~Session() = default;

asio::io_context& Session::io() noexcept {
  return parts_->io;
}
adapters::RuntimeAdapter& Session::runtime() noexcept {
  return parts_->runtime;
}
void Session::on_signal(OnSignal call) {
  parts_->on_signal = std::move(call);
}

void Session::hear_hangup() {
  parts_->hangup_counts = true;
}

sched::Effects Session::effects() {
  return {.runtime = parts_->runtime,
          .networks = parts_->networks,
          .volumes = parts_->volumes,
          .progress = parts_->context.progress(),
          .clock = parts_->context.clock(),
          .hooks = &parts_->hooks};
}

void Session::wait_unlocked() {
  parts_->waits_unlocked = true;
}

void Session::interrupt() {
  parts_->interrupt.request();
}
void Session::forget_interrupt() {
  parts_->interrupt = {};
}

namespace {

// Ends when the io_context does.
void wait_for_signal(asio::signal_set& signals, const std::function<void(int)>& handle) {
  signals.async_wait([&signals, &handle](const boost::system::error_code& error, int signal) {
    if (error) return;
    wait_for_signal(signals, handle);
    handle(signal);
  });
}

void tick(asio::steady_timer& timer, ui::ProgressView& progress) {
  timer.expires_after(std::chrono::milliseconds{100});
  timer.async_wait([&](const boost::system::error_code& error) {
    if (error) return;
    progress.tick();
    tick(timer, progress);
  });
}

}  // namespace

void Session::on_end_request(std::function<void()> call) {
  parts_->on_end_request = std::move(call);
}

const std::optional<std::string>& Session::ended_by() const noexcept {
  return parts_->ended_by;
}

// On a descriptor of its own: the lock may be let go while the loop runs. One request is enough.
void Session::hear_end_requests() {
  parts_->end_requests.reset();
  const int requests = parts_->context.end_requests();
  if (requests < 0 || parts_->take_end_request()) return;
  parts_->end_requests.emplace(parts_->io, base::sys::duplicate(requests).release());
  parts_->wait_for_end_request();
}

void Session::run(sched::Task<void> task) {
  auto& io = parts_->io;
  io.restart();
  hear_end_requests();
  const base::ScopeExit deaf{[this] { parts_->end_requests.reset(); }};
  asio::signal_set signals{io, SIGINT, SIGTERM};
  if (parts_->hangup_counts) signals.add(SIGHUP);
  const std::function<void(int)> handle = [this](int signal) { parts_->handle_signal(signal); };
  wait_for_signal(signals, handle);
  asio::steady_timer ticker{io};
  if (auto& progress = parts_->context.progress(); progress.needs_ticks()) tick(ticker, progress);
  std::exception_ptr failure;
  asio::co_spawn(io, std::move(task), [&](std::exception_ptr e) {
    failure = e;
    io.stop();
  });
  io.run();
  if (failure) std::rethrow_exception(failure);
}

namespace {

bool starts_something(const sched::Plan& plan) {
  return std::ranges::any_of(plan.steps(), [](const auto& step) {
    return std::holds_alternative<sched::StartContainer>(step.operation);
  });
}

}  // namespace

sched::Task<sched::Outcome> Session::execution(const sched::Plan& plan, sched::ExecuteOptions options) {
  options.interrupt = &parts_->interrupt;
  if (starts_something(plan)) {
    parts_->refuse_taken_ports(plan);
    parts_->runtime.expect_starts();
  }
  if (parts_->waits_unlocked)
    options.when_only_waiting = [this](const sched::Outcome& so_far) { return unlock(so_far); };
  const sched::Effects all = effects();
  auto outcome = co_await sched::execute(plan, parts_->desired, all, options);
  const auto refused = co_await settle();
  for (const auto& failure : {parts_->unsettled, refused})
    if (failure) outcome.failures.push_back({.message = *failure});
  co_return outcome;
}

// Nothing that was begun is left half done. Why the networks cannot be used, where they cannot.
sched::Task<sched::Failure> Session::settle() {
  co_await parts_->runtime.give_up_unstarted();
  try {
    parts_->context.networks().settle();
  } catch (const base::Error& e) {
    co_return e.what();
  }
  co_return std::nullopt;
}

// Watching needs no lock.
sched::Task<void> Session::unlock(const sched::Outcome& so_far) {
  parts_->unsettled = co_await settle();
  parts_->end_requests.reset();
  if (so_far.failures.empty() && !parts_->unsettled)
    parts_->context.unlock_project();
  else
    parts_->context.unlock_failed_project();
}

void Session::report(const sched::Plan& plan, const sched::Outcome& outcome) {
  auto& context = parts_->context;
  context.progress().finish();
  for (const auto& warning : outcome.warnings) context.warn(warning);
  if (outcome.interrupted && parts_->ended_by) throw EndedByOther{*parts_->ended_by};
  if (outcome.interrupted)
    throw Interrupted{parts_->first_signal, interruption_text(plan, outcome, context.verb())};
  if (outcome.failures.empty()) return;
  std::string all;
  for (const auto& failure : outcome.failures) all += (all.empty() ? "" : "\n") + failure.message;
  throw base::Error(all);
}

sched::Outcome Session::execute(const sched::Plan& plan, sched::ExecuteOptions options) {
  for (const auto& warning : plan.warnings()) parts_->context.warn(warning);
  sched::Outcome outcome;
  const auto task = [&]() -> sched::Task<void> { outcome = co_await execution(plan, options); };
  run(task());
  parts_->context.phase_done("execute");
  report(plan, outcome);
  return outcome;
}

}  // namespace compose::cli
