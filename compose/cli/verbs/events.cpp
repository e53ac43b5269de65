#include <chrono>
#include <csignal>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/clock.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/event_follower.hpp"
#include "compose/cli/times.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;
using std::chrono::system_clock;

class EventsVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--json", json_, "One JSON object a line");
    a.value("--since", since_, "time",
            "First when the containers that are there were made, last ended and last started, as far as it "
            "was after "
            "this time; no more is known of the past. 2026-01-02T03:04:05Z, unix seconds, or 42m for that "
            "long ago");
    a.value("--until", until_, "time", "End then, at once where it has passed; -42m: in 42 minutes");
    a.words(services_, "SERVICE...", "Services (default: all)");
    a.examples(
        "  compose events\n  compose events --json web | jq .action\n  compose events --since 10m --until "
        "0s\n");
  }

  int run(Context& context) override {
    const auto now = context.clock().wall();
    if (!since_.empty()) from_ = parse_moment(since_, now);
    if (!until_.empty()) to_ = parse_moment(until_, now);
    check_services(context, list_containers(context, context.project_name()), services_);
    asio::io_context io{1};
    EventFollower follower{
        context,
        io.get_executor(),
        {.project = context.project_name(), .services = {services_.begin(), services_.end()}},
        [&](const std::vector<Event>& events) { print(context, events); }};
    const auto& there = follower.begin();
    if (from_) print(context, known_past(there));
    if (!to_ || *to_ > now) follow(context, io, follower);
    return 0;
  }

 private:
  void follow(Context& context, asio::io_context& io, EventFollower& follower) const {
    using Clock = std::chrono::steady_clock;
    auto deadline = Clock::time_point::max();
    if (to_) deadline = Clock::now() + (*to_ - context.clock().wall());
    std::exception_ptr failure;
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](const boost::system::error_code& error, int signal) {
      if (!error) throw Interrupted{signal};
    });
    asio::co_spawn(io, follower.follow_until(deadline), [&](std::exception_ptr e) {
      failure = e;
      io.stop();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
  }

  void print(Context& context, const std::vector<Event>& events) const {
    for (const auto& event : events) {
      const system_clock::time_point time{std::chrono::nanoseconds{event.time}};
      if ((from_ && time < *from_) || (to_ && time > *to_)) continue;
      context.out().line(json_ ? event_json(event) : event_text(event));
    }
    context.out().flush();
  }

  bool json_ = false;
  std::string since_;
  std::string until_;
  std::vector<std::string> services_;
  std::optional<system_clock::time_point> from_;
  std::optional<system_clock::time_point> to_;
};

}  // namespace

std::unique_ptr<Verb> make_events() {
  return std::make_unique<EventsVerb>();
}

}  // namespace compose::cli
