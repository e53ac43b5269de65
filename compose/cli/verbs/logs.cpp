#include <charconv>
#include <csignal>
#include <unistd.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/log_follower.hpp"
#include "compose/cli/times.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

class LogsVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-f,--follow", follow_, "Go on printing what comes, also of containers that start later");
    a.value("--index", index_, "int", "Only this replica; needs one service");
    a.flag("--no-color", no_color_, "No colours");
    a.flag("--no-log-prefix", no_prefix_, "No names in front of the lines");
    a.value("--since", since_, "time",
            "From then on: 2026-01-02T03:04:05Z, unix seconds, or 42m for that long ago");
    a.value("-n,--tail", tail_, "lines", "Only the last lines of each container, or all (default all)");
    a.flag("-t,--timestamps", timestamps_, "Times in front of the lines");
    a.value("--until", until_, "time", "Up to then");
    a.words(services_, "SERVICE...", "Services (default: all)");
    a.examples(
        "  compose logs -f silo\n  compose logs --tail 100 -t\n  compose logs --since 10m --no-log-prefix "
        "web\n");
  }

  int run(Context& context) override {
    if (index_ && services_.size() != 1) throw UsageError("--index needs exactly one service");
    const auto containers = list_containers(context, context.project_name());
    check_services(context, containers, services_);
    ui::Output err{STDERR_FILENO};
    const ui::LogStyle style{.prefix = !no_prefix_,
                             .timestamps = timestamps_,
                             .colour = !no_color_ && context.colours(STDOUT_FILENO)};
    ui::LogPrinter printer{context.out(), err, style};
    asio::io_context io{1};
    LogFollower follower{context, io.get_executor(), printer, options(context)};
    if (follow_)
      follow(io, follower);
    else
      follower.print_backlog();
    return 0;
  }

 private:
  FollowOptions options(Context& context) const {
    const auto now = context.clock().wall();
    FollowOptions options{.project = context.project_name(),
                          .services = {services_.begin(), services_.end()},
                          .index = index_,
                          .since = since_.empty() ? "" : log_time(since_, now),
                          .until = until_.empty() ? "" : log_time(until_, now)};
    if (tail_.empty() || tail_ == "all") return options;
    std::size_t lines = 0;
    const auto end = std::from_chars(tail_.data(), tail_.data() + tail_.size(), lines);
    if (end.ec != std::errc{} || end.ptr != tail_.data() + tail_.size())
      throw UsageError(base::text("invalid value \"{}\" for --tail: must be a number or all", tail_));
    options.tail = lines;
    return options;
  }

  static void follow(asio::io_context& io, LogFollower& follower) {
    std::exception_ptr failure;
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](const boost::system::error_code& error, int) {
      if (!error) throw Interrupted{};
    });
    asio::co_spawn(io, follower.follow({}), [&](std::exception_ptr e) {
      failure = e;
      io.stop();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
  }

  bool follow_ = false;
  std::optional<int> index_;
  bool no_color_ = false;
  bool no_prefix_ = false;
  std::string since_;
  std::string tail_;
  bool timestamps_ = false;
  std::string until_;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_logs() {
  return std::make_unique<LogsVerb>();
}

}  // namespace compose::cli
