#include "compose/cli/log_follower.hpp"

#include <algorithm>
#include <map>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/project_lock.hpp"
#include "compose/cli/arrivals.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/live_output.hpp"
#include "runtime-shim/client/status_watch.hpp"

namespace compose::cli {

namespace asio = boost::asio;

struct LogFollower::Body : std::enable_shared_from_this<LogFollower::Body> {
  struct Followed {
    adapters::ContainerRecord record;
    bool ended = false;
    std::int64_t finished_at = 0;  // of the last end that is known
    std::int64_t attached_to = 0;  // the start whose lines come
    std::optional<int> untold;     // its exit code, while it is not clear whether it ended for good
  };

  Context& context;
  ui::LogPrinter& printer;
  FollowOptions options;
  std::unique_ptr<LiveOutput> output;
  rt::StatusWatch watch;
  Arrivals arrivals;
  asio::steady_timer changed;  // cancelled when something happened
  std::map<rt::ContainerId, Followed> all;
  std::exception_ptr failure;
  bool stopped = false;
  bool attaches;             // asks the shims for what comes
  bool others_work = false;  // was seen last
  OnEnd on_end;

  Body(Context& c, const asio::any_io_executor& executor, ui::LogPrinter& p, FollowOptions o)
      : context(c),
        printer(p),
        options(std::move(o)),
        watch(executor, c.paths().runtime()),
        arrivals(executor, c.paths()),
        changed(executor, asio::steady_timer::time_point::max()),
        attaches(options.live) {
    auto shown = options.live
                     ? LiveOutput::Shown{.since = base::format_time(c.clock().wall())}
                     : LiveOutput::Shown{.since = options.since, .until = options.until, .past = true};
    output = std::make_unique<LiveOutput>(executor, c.paths().runtime(), p, std::move(shown));
  }

  bool wanted(const adapters::ContainerRecord& record) const {
    if (record.one_off != options.one_offs || adapters::is_going(record.phase)) return false;
    if (options.index.value_or(0) != 0 && record.number != *options.index) return false;
    return options.services.empty() || options.services.contains(record.service);
  }

  void take_in(bool first) {
    for (auto& record : context.state().containers(options.project)) {
      if (!wanted(record) || all.contains(record.id)) continue;
      if (!first) tell_of_replacement(record);
      output->add(record.id, {.name = short_name(record),
                              .service = record.service,
                              .file = context.paths().runtime().log_file(record.id),
                              .tail = first ? options.tail : std::nullopt});
      const auto status = adapters::status_of(context.paths(), record);
      const auto id = record.id;
      auto& followed = all[id];
      followed = {.record = std::move(record),
                  .ended = first && !is_running(status),
                  .finished_at = first ? status.finished_at : 0};
      if (is_running(status)) attach(followed, status);
    }
  }

  // Once for each start: a shim that refuses is not asked again. Where no log is kept, `logs` shows none.
  void attach(Followed& f, const rt::ContainerStatus& status) {
    if (!attaches || f.attached_to == status.started_at) return;
    f.attached_to = status.started_at;
    if (options.live || context.state().spec(f.record.id).log.enabled) output->attach(f.record.id);
  }

  [[nodiscard]] bool is_replaced(const Followed& old) const {
    return std::ranges::any_of(all, [&](const auto& entry) {
      return entry.first != old.record.id && !entry.second.ended &&
             short_name(entry.second.record) == short_name(old.record);
    });
  }

  void tell_of_replacement(const adapters::ContainerRecord& record) {
    const auto name = short_name(record);
    const bool replaces =
        std::ranges::any_of(all, [&](const auto& entry) { return short_name(entry.second.record) == name; });
    if (!replaces || !options.notes) return;
    printer.note(name + " has been recreated");
    printer.flush();
  }

  void note_end(const Followed& f, const rt::ContainerStatus& status, bool restarting) {
    if (!options.notes) return;
    printer.note(base::text("{} exited with code {}{}", short_name(f.record), status.exit_code,
                            restarting ? " (restarting)" : ""));
    printer.flush();
  }

  // What another command stops it may start again, or replace: only when it is done is an end an end.
  [[nodiscard]] bool others_are_at_work() {
    others_work = false;
    if (options.more_expected) return false;
    arrivals.look_out();  // before looking, so that its end is heard of
    others_work = adapters::ProjectLock::is_held(context.paths(), options.project);
    return others_work;
  }

  // Of a command that is killed the kernel says that its files are closed before it lets its locks go: who
  // looked between the two hears of nothing else.
  [[nodiscard]] auto next_look() const {
    using Clock = std::chrono::steady_clock;
    return others_work ? Clock::now() + std::chrono::seconds{1} : Clock::time_point::max();
  }

  void tell_end(Followed& f) {
    if (!f.untold || others_are_at_work()) return;
    const auto code = *std::exchange(f.untold, std::nullopt);
    if (!f.ended || is_replaced(f)) return;
    if (on_end && on_end({f.record.service, short_name(f.record), code})) stopped = true;
  }

  // Several ends may lie between two looks; the last one is told.
  void look_at(Followed& f) {
    const auto record = context.state().container(f.record.id);
    f.ended = !record || adapters::is_going(record->phase);
    if (!f.ended) {
      f.record = *record;
      const auto status = adapters::status_of(context.paths(), f.record);
      const bool goes_on = is_running(status);
      f.ended = !goes_on && (status.state != rt::ContainerState::created || !options.more_expected);
      if (goes_on) attach(f, status);
      if (status.finished_at > f.finished_at) {
        if (!output->print(f.record.id)) {
          f.ended = false;  // not before its last lines
          return;
        }
        f.finished_at = status.finished_at;
        f.untold = status.exit_code;
        note_end(f, status, goes_on);
      }
    }
    tell_end(f);
  }

  void look_at_all() {
    take_in(false);
    for (auto& [id, followed] : all) look_at(followed);
  }

  // For who heard that something may have come, and of nothing in particular.
  void look_again() {
    options.more_expected ? take_in(false) : look_at_all();
    for (const auto& [id, unused] : all) watch.add(id);
    output->print_all();
  }

  void settled(const rt::ContainerId& id) {
    if (const auto found = all.find(id); found != all.end()) look_at(found->second);
    changed.cancel();
  }

  bool all_ended() {
    return !options.more_expected &&
           std::ranges::all_of(all, [](const auto& entry) { return entry.second.ended; }) &&
           !others_are_at_work();
  }

  static asio::awaitable<void> watch_statuses(std::shared_ptr<Body> self) {
    try {
      for (;;) {
        const auto ids = co_await self->watch.changed(std::chrono::steady_clock::time_point::max());
        for (const auto& id : ids)
          if (const auto found = self->all.find(id); found != self->all.end()) self->look_at(found->second);
        self->changed.cancel();
      }
    } catch (...) {
      self->failure = std::current_exception();
      self->changed.cancel();
    }
  }

  // A supervisor that does not answer keeps nobody from the past.
  static asio::awaitable<void> print_past_and_attach(std::shared_ptr<Body> self) {
    constexpr std::chrono::seconds k_patience{1};
    const auto deadline = std::chrono::steady_clock::now() + k_patience;
    self->attaches = true;
    self->output->hold();
    self->take_in(true);
    while (!self->failure && !self->output->all_begun() && std::chrono::steady_clock::now() < deadline) {
      boost::system::error_code happened;
      self->changed.expires_at(deadline);
      co_await self->changed.async_wait(asio::redirect_error(asio::use_awaitable, happened));
    }
    self->output->go_on();
  }

  void await_arrivals() {
    arrivals.heard([self = shared_from_this()] {
      try {
        self->look_again();
      } catch (...) {
        self->failure = std::current_exception();
      }
      self->changed.cancel();
      if (!self->failure) self->await_arrivals();
    });
  }
};

LogFollower::LogFollower(Context& context, asio::any_io_executor executor, ui::LogPrinter& printer,
                         FollowOptions options)
    : body_(std::make_shared<Body>(context, executor, printer, std::move(options))) {}

LogFollower::~LogFollower() {
  body_->arrivals.close();
  body_->output.reset();  // its calls hold the body
}

std::vector<std::string> LogFollower::print_backlog() {
  body_->take_in(true);
  body_->options.live ? body_->output->print_all() : body_->output->print_past();
  std::vector<std::string> names;
  for (const auto& [id, followed] : body_->all) names.push_back(short_name(followed.record));
  std::ranges::sort(names);
  return names;
}

void LogFollower::expect_no_more() {
  body_->options.more_expected = false;
  body_->look_again();
  body_->changed.cancel();
}

base::UniqueFd LogFollower::begin(const rt::ContainerId& id) {
  if (!body_->all.contains(id)) body_->take_in(false);
  return body_->all.contains(id) ? body_->output->begin(id) : base::UniqueFd{};
}

void LogFollower::stop() {
  body_->stopped = true;
  body_->changed.cancel();
}

asio::awaitable<void> LogFollower::follow(OnEnd ended) {
  const auto body = body_;
  body->on_end = std::move(ended);
  body->arrivals.look_out();
  const auto gone = [body](std::exception_ptr e) {
    body->failure = e;
    body->changed.cancel();
  };
  if (!body->options.live) {
    body->output->on({.settled = [body](const rt::ContainerId&) { body->changed.cancel(); }, .failed = gone});
    co_await Body::print_past_and_attach(body);
  }
  body->output->on({.settled = [body](const rt::ContainerId& id) { body->settled(id); }, .failed = gone});
  body->await_arrivals();
  body->output->print_all();  // what came before the watch
  for (const auto& [id, unused] : body->all) body->watch.add(id);
  asio::co_spawn(body->changed.get_executor(), Body::watch_statuses(body), asio::detached);
  while (!body->stopped && !body->failure && !body->all_ended()) {
    boost::system::error_code happened;
    body->changed.expires_at(body->next_look());
    co_await body->changed.async_wait(asio::redirect_error(asio::use_awaitable, happened));
    if (!happened) body->look_again();
  }
  body->output->print_all();
  if (body->failure) std::rethrow_exception(body->failure);
}

}  // namespace compose::cli
