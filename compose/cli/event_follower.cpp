#include "compose/cli/event_follower.hpp"

#include <exception>
#include <map>
#include <optional>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/state.hpp"
#include "compose/cli/arrivals.hpp"
#include "compose/cli/context.hpp"
#include "runtime-shim/client/shim_client.hpp"
#include "runtime-shim/client/status_watch.hpp"

namespace compose::cli {

namespace asio = boost::asio;

struct EventFollower::Body : std::enable_shared_from_this<EventFollower::Body> {
  // What the shim of a container that is up was asked for: its last word.
  struct Ending {
    std::int64_t shim_pid = 0;
    bool answered = false;
    std::optional<int> exit_code;  // none: the shim could not be asked
    std::int64_t at = 0;
  };

  Context& context;
  EventWish wish;
  Tell tell;
  asio::any_io_executor executor;
  rt::StatusWatch watch;
  Arrivals arrivals;
  asio::steady_timer over;
  Snapshot seen;
  std::map<rt::ContainerId, Ending> endings;
  std::exception_ptr failure;

  Body(Context& c, const asio::any_io_executor& e, EventWish w, Tell t)
      : context(c),
        wish(std::move(w)),
        tell(std::move(t)),
        executor(e),
        watch(e, c.paths().runtime()),
        arrivals(e, c.paths()),
        over(e) {}

  [[nodiscard]] bool wanted(const adapters::ContainerRecord& record) const {
    if (record.one_off || adapters::is_going(record.phase)) return false;
    return wish.services.empty() || wish.services.contains(record.service);
  }

  // One that is being made and has not started may be taken back as if it had never been.
  [[nodiscard]] std::optional<SeenContainer> look_at(const rt::ContainerId& id) const {
    auto record = context.state().container(id);
    if (!record || !wanted(*record)) return std::nullopt;
    auto status = adapters::status_of(context.paths(), *record);
    if (record->phase == adapters::Phase::creating && status.started_at == 0) return std::nullopt;
    return SeenContainer{.name = std::move(record->name),
                         .service = std::move(record->service),
                         .image = std::move(record->image),
                         .labels = std::move(record->labels),
                         .created_at = record->created_at,
                         .status = std::move(status)};
  }

  // The containers whose rows are not as they were.
  [[nodiscard]] std::set<rt::ContainerId> changed_rows() const {
    std::set<rt::ContainerId> changed;
    std::set<rt::ContainerId> there;
    for (const auto& record : context.state().containers(wish.project)) {
      if (!wanted(record)) continue;
      there.insert(record.id);
      const auto known = seen.find(record.id);
      if (known == seen.end() || known->second.name != record.name) changed.insert(record.id);
    }
    for (const auto& [id, unused] : seen)
      if (!there.contains(id)) changed.insert(id);
    return changed;
  }

  // The last word of a shim is awaited before anything later is told.
  struct Looks {
    Snapshot before;
    Snapshot ended;  // what ran before and whose status is not there any more
    Snapshot after;
  };

  void look(const rt::ContainerId& id, Looks& looks) {
    auto now = look_at(id);
    const auto known = seen.find(id);
    if (known != seen.end()) {
      const auto& before = known->second;
      auto ended = before;
      const bool another = !now || now->status.shim_pid != before.status.shim_pid;
      if (is_up(before.status) && another && !take_last_word(id, ended.status)) return;
      looks.before[id] = before;
      looks.ended[id] = std::move(ended);
    }
    if (now) {
      ask_for_end(id, now->status);
      looks.after[id] = *now;
      seen[id] = std::move(*now);
    } else if (known != seen.end()) {
      seen.erase(known);
      endings.erase(id);
      watch.remove(id);
    }
  }

  // False: it is on its way.
  [[nodiscard]] bool take_last_word(const rt::ContainerId& id, rt::ContainerStatus& status) const {
    const auto ending = endings.find(id);
    if (ending == endings.end() || ending->second.shim_pid != status.shim_pid) return true;
    if (!ending->second.answered) return false;
    if (!ending->second.exit_code) return true;
    status.state = rt::ContainerState::exited;
    status.exit_code = *ending->second.exit_code;
    status.finished_at = ending->second.at;
    return true;
  }

  void ask_for_end(const rt::ContainerId& id, const rt::ContainerStatus& status) {
    if (!is_up(status)) return;
    auto& ending = endings[id];
    if (ending.shim_pid == status.shim_pid) return;
    ending = {.shim_pid = status.shim_pid};
    asio::co_spawn(executor, hear_end(shared_from_this(), id, status.shim_pid), asio::detached);
  }

  static asio::awaitable<void> hear_end(std::shared_ptr<Body> self, rt::ContainerId id,
                                        std::int64_t shim_pid) {
    std::optional<int> exit_code;
    try {
      rt::ShimClient shim{self->executor, self->context.paths().runtime(), id};
      exit_code = co_await shim.wait();
    } catch (const base::Error&) {
      // It had ended before it could be asked, or cannot be asked: its status says how, if anything does.
    }
    const auto found = self->endings.find(id);
    if (found == self->endings.end() || found->second.shim_pid != shim_pid) co_return;
    found->second = {
        .shim_pid = shim_pid, .answered = true, .exit_code = exit_code, .at = base::wall_nanoseconds()};
    self->guarded([&] { self->look_at_these({id}); });
  }

  void look_at_these(const std::set<rt::ContainerId>& ids) {
    const auto now = base::wall_nanoseconds();
    Looks looks;
    for (const auto& id : ids) look(id, looks);
    report(events_between(looks.before, looks.ended, now));
    report(events_between(looks.ended, looks.after, now));
  }

  // A container that is new is watched before it is looked at.
  std::set<rt::ContainerId> take_rows() {
    auto ids = changed_rows();
    for (const auto& id : ids)
      if (!seen.contains(id)) watch.add(id);
    return ids;
  }

  void report(const std::vector<Event>& events) const {
    if (!events.empty()) tell(events);
  }

  void guarded(const std::function<void()>& work) {
    try {
      if (!failure) work();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) over.cancel();
  }

  void await_arrivals() {
    arrivals.heard([self = shared_from_this()] {
      self->guarded([&] {
        self->arrivals.look_out();
        self->look_at_these(self->take_rows());
      });
      if (!self->failure) self->await_arrivals();
    });
  }

  static asio::awaitable<void> watch_statuses(std::shared_ptr<Body> self) {
    while (!self->failure) {
      try {
        const auto ids = co_await self->watch.changed(std::chrono::steady_clock::time_point::max());
        self->guarded([&] { self->look_at_these({ids.begin(), ids.end()}); });
      } catch (...) {
        self->failure = std::current_exception();
        self->over.cancel();
      }
    }
  }
};

EventFollower::EventFollower(Context& context, const asio::any_io_executor& executor, EventWish wish,
                             Tell tell)
    : body_(std::make_shared<Body>(context, executor, std::move(wish), std::move(tell))) {}

EventFollower::~EventFollower() {
  body_->arrivals.close();
}

const Snapshot& EventFollower::begin() {
  body_->arrivals.look_out();
  Body::Looks untold;
  for (const auto& id : body_->take_rows()) body_->look(id, untold);
  return body_->seen;
}

asio::awaitable<void> EventFollower::follow_until(std::chrono::steady_clock::time_point deadline) {
  const auto body = body_;
  body->await_arrivals();
  asio::co_spawn(body->executor, Body::watch_statuses(body), asio::detached);
  while (!body->failure && std::chrono::steady_clock::now() < deadline) {
    boost::system::error_code ignored;
    body->over.expires_at(deadline);
    co_await body->over.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  body->guarded([&] { body->look_at_these(body->take_rows()); });
  if (body->failure) std::rethrow_exception(body->failure);
}

}  // namespace compose::cli
