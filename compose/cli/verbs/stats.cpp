#include <algorithm>
#include <exception>
#include <map>
#include <unistd.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/formats.hpp"
#include "compose/cli/stats_line.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds k_between_looks{1000};
constexpr const char* k_table =
    "table "
    "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}";

class StatsVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-a,--all", all_, "Show all containers, also stopped ones and those of run");
    a.value("--format", format_, "format",
            "table, json, or a template such as '{{.Name}}: {{.CPUPerc}}' (default table)");
    a.flag("--no-stream", no_stream_, "Look once and end");
    a.flag("--no-trunc", no_trunc_, "Do not shorten ids");
    a.words(services_, "SERVICE", "Only containers of this service", 0, 1);
    a.examples(
        "  compose stats\n  compose stats --no-stream silo\n"
        "  compose stats --no-stream --format '{{.Name}}\\t{{.MemUsage}}'\n");
  }

  int run(Context& context) override {
    check_format(format_);
    check_services(context, list_containers(context, context.project_name()), services_);
    asio::io_context io{1};
    std::exception_ptr failure;
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](const boost::system::error_code& error, int signal) {
      if (!error) throw Interrupted{signal};
    });
    asio::co_spawn(io, watch(context), [&](std::exception_ptr e) {
      failure = e;
      io.stop();
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return 0;
  }

 private:
  using Looks = std::map<rt::ContainerId, StatsLook>;

  // Until nothing is left to look at, or forever.
  asio::awaitable<void> watch(Context& context) const {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    auto before = look(context, wanted(context));
    for (;;) {
      if (!before.empty()) {
        timer.expires_after(k_between_looks);
        co_await timer.async_wait(asio::use_awaitable);
      }
      const auto containers = wanted(context);
      auto now = look(context, containers);
      print(context, containers, before, now);
      if (no_stream_ || containers.empty()) co_return;
      before = std::move(now);
    }
  }

  [[nodiscard]] std::vector<Listed> wanted(Context& context) const {
    auto containers = list_containers(context, context.project_name());
    std::erase_if(containers, [&](const Listed& c) {
      if (!services_.empty() && c.record.service != services_.front()) return true;
      return !all_ && (!is_running(c.status) || c.record.one_off);
    });
    return containers;
  }

  static Looks look(Context& context, const std::vector<Listed>& containers) {
    Looks looks;
    for (const auto& c : containers) {
      auto& one = looks[c.record.id];
      if (is_running(c.status)) one.stats = rt::read_stats(context.paths().runtime(), c.record.id);
      one.at = context.clock().monotonic();
    }
    return looks;
  }

  void print(Context& context, const std::vector<Listed>& containers, const Looks& before,
             const Looks& now) const {
    std::vector<ui::TemplateObject> lines;
    for (const auto& c : containers) {
      const auto& id = c.record.id;
      const auto first = before.find(id);
      lines.push_back(stats_line(no_trunc_ ? id.str() : id.short_form(), c.record.name,
                                 first == before.end() ? StatsLook{} : first->second, now.at(id)));
    }
    auto& out = context.out();
    // The screen is written over from its top.
    if (!no_stream_ && format_ != "json" && ::isatty(out.fd()) == 1) out.write("\x1b[H\x1b[J");
    print_lines(out, format_, k_table, lines,
                {{"ID", "CONTAINER ID"},
                 {"CPUPerc", "CPU %"},
                 {"MemUsage", "MEM USAGE / LIMIT"},
                 {"MemPerc", "MEM %"},
                 {"NetIO", "NET I/O"},
                 {"BlockIO", "BLOCK I/O"},
                 {"PIDs", "PIDS"}});
    out.flush();
  }

  bool all_ = false;
  std::string format_ = "table";
  bool no_stream_ = false;
  bool no_trunc_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_stats() {
  return std::make_unique<StatsVerb>();
}

}  // namespace compose::cli
