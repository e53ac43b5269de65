#include "compose/cli/attached_up.hpp"

#include <algorithm>
#include <csignal>
#include <iostream>
#include <map>
#include <unistd.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/project_lock.hpp"
#include "compose/cli/log_follower.hpp"
#include "compose/cli/session.hpp"
#include "compose/cli/terminal_keys.hpp"
#include "compose/ui/hint_line.hpp"
#include "compose/ui/progress.hpp"
#include "compose/ui/style.hpp"
#include "scheduler/lifecycle.hpp"

namespace compose::cli {
namespace {

namespace asio = boost::asio;

class AttachedUp {
 public:
  AttachedUp(Context& context, const Wanted& wanted, const Prepared& prepared, const UpOptions& up,
             const AttachOptions& options)
      : context_(context),
        wanted_(wanted),
        prepared_(prepared),
        up_(up),
        options_(options),
        session_(context, wanted.state),
        error_out_(STDERR_FILENO),
        printer_(context.out(), error_out_,
                 {.prefix = options.prefix,
                  .timestamps = options.timestamps,
                  .colour = options.colour && context.colours(STDOUT_FILENO)}),
        follower_(context, session_.io().get_executor(), printer_,
                  {.project = wanted.state.project,
                   .services = options.services,
                   .live = true,
                   .more_expected = true}),
        finished_(session_.io(), asio::steady_timer::time_point::max()) {
    session_.runtime().followers_at_start([this](const rt::ContainerId& id) { return follower_.begin(id); });
    printer_.before_printing([this] {
      hint_.make_room();
      context_.progress().finish();
    });
    printer_.after_flushing([this] { hint_.draw(); });
  }

  int run() {
    for (const auto& warning : prepared_.plan.warnings()) context_.warn(warning);
    session_.on_signal([this](int, int count) { on_signal(count); });
    std::optional<TerminalKeys> keys;
    if (hears_keys()) keys.emplace(session_.io().get_executor(), [this](char key) { on_key(key); });
    session_.on_end_request([this] { end(); });
    session_.run(everything());
    if (ended_) throw EndedByOther{*session_.ended_by()};
    if (failure_) std::rethrow_exception(failure_);
    if (interrupted_) throw Interrupted{};
    return exit_code_;
  }

 private:
  [[nodiscard]] bool hears_keys() const {
    return options_.menu && ui::is_terminal(STDIN_FILENO) && ui::is_terminal(STDOUT_FILENO);
  }

  // What is starting still starts; then the containers are left to themselves.
  void on_key(char key) {
    if (key != 'd' || interrupted_ || aborted_) return;
    hint_.hide();
    detached_ = true;
    follower_.stop();
  }

  void on_signal(int count) {
    interrupted_ = true;
    hint_.hide();
    if (count == 1) {
      context_.progress().finish();
      std::cerr << "Gracefully Stopping... press Ctrl+C again to force" << std::endl;
      session_.interrupt();
      follower_.stop();
    } else if (count == 2) {
      grace_ = std::chrono::nanoseconds{0};
      kill_everything();
    } else {
      throw Interrupted{};
    }
  }

  // Another command takes over what is there.
  void end() {
    ended_ = true;
    session_.interrupt();
    follower_.stop();
  }

  // The stop that is under way waits for its containers; this ends them.
  void kill_everything() {
    for (const auto& container : observe().containers)
      if (is_running(container.status))
        asio::co_spawn(session_.io(), kill_one(container.id), [](std::exception_ptr) {});
  }

  sched::Task<void> kill_one(rt::ContainerId id) {
    co_await session_.runtime().kill({&id, 1}, SIGKILL, [](std::size_t, const sched::Failure&) {});
  }

  sched::ObservedState observe() {
    return adapters::observe(context_.state(), context_.networks(), context_.paths(), wanted_.state.project,
                             nullptr);
  }

  // Executing and following at the same time: the first lines of a database are worth seeing while its health
  // is awaited.
  sched::Task<void> everything() {
    follower_.print_backlog();
    announce();
    asio::co_spawn(session_.io(), execute(), [this](std::exception_ptr e) {
      if (e && !failure_) failure_ = e;
      executed_ = true;
      if (failure_) follower_.stop();
      finished_.cancel();
    });
    co_await follow();
    while (!executed_) {
      boost::system::error_code ignored;
      co_await finished_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    if ((interrupted_ || aborted_) && !ended_) co_await stop_all();
  }

  sched::Task<void> execute() {
    const auto outcome = co_await session_.execution(prepared_.plan, {});
    // Otherwise the lock is still needed.
    if (!outcome.interrupted) {
      session_.report(prepared_.plan, outcome);
      context_.unlock_project();  // watching changes nothing
    }
    context_.progress().finish();
    follower_.expect_no_more();
    if (hears_keys() && !interrupted_ && !detached_) hint_.show();
  }

  sched::Task<void> follow() {
    co_await follower_.follow([this](const Ended& ended) { return on_end(ended); });
  }

  bool on_end(const Ended& ended) {
    if (interrupted_ || aborted_) return false;  // what ends now was stopped
    const bool abort = options_.abort_on_exit || (options_.abort_on_failure && ended.exit_code != 0);
    if (!abort) return false;
    aborted_ = true;
    hint_.hide();
    exit_code_ = ended.exit_code;
    printer_.flush();
    std::cerr << "Aborting on container exit..." << std::endl;
    return true;
  }

  sched::Task<void> stop_all() {
    co_await lock();
    if (ended_) co_return;
    const auto observed = observe();
    const auto graph = sched::ServiceGraph::of(wanted_.state);
    const auto plan = sched::plan_stop(
        observed, graph, {.services = names_of_services(), .grace = grace_ ? grace_ : stop_grace()});
    session_.forget_interrupt();
    const auto outcome = co_await session_.execution(plan, {});
    context_.progress().finish();
    if (!options_.exit_code_from.empty()) exit_code_ = exit_code_of(options_.exit_code_from);
    if (!outcome.failures.empty() && !failure_) session_.report(plan, outcome);
  }

  // Signals are heard meanwhile.
  sched::Task<void> lock() {
    asio::steady_timer timer{session_.io()};
    while (!context_.try_lock_project(wanted_.state.project)) {
      timer.expires_after(adapters::LockWait::k_every);
      co_await timer.async_wait(asio::use_awaitable);
    }
    session_.hear_end_requests();
  }

  std::vector<std::string> names_of_services() const {
    std::vector<std::string> names;
    for (const auto& service : wanted_.state.services) names.push_back(service.name);
    return names;
  }

  std::optional<std::chrono::nanoseconds> stop_grace() const {
    if (!up_.timeout) return std::nullopt;
    return std::chrono::seconds{*up_.timeout};
  }

  int exit_code_of(const std::string& service) {
    int code = 0;
    for (const auto& c : list_containers(context_, wanted_.state.project))
      if (c.record.service == service && !c.record.one_off && (code == 0 || c.status.exit_code != 0))
        code = c.status.exit_code;
    return code;
  }

  void announce() {
    std::vector<std::string> names;
    const auto add = [&](const sched::ContainerRef& ref) {
      if (!options_.services.empty() && !options_.services.contains(ref.service)) return;
      const auto shown =
          short_name({.name = ref.name, .project = wanted_.state.project, .service = ref.service});
      if (std::ranges::find(names, shown) == names.end()) names.push_back(shown);
      printer_.know(shown, ref.service);
    };
    for (const auto& kept : prepared_.plan.kept()) add(kept);
    for (const auto& step : prepared_.plan.steps())
      if (const auto* start = std::get_if<sched::StartContainer>(&step.operation)) add(start->container);
    if (names.empty()) return;
    std::ranges::sort(names);
    printer_.note("Attaching to " + base::join(names, ", "));
    printer_.flush();
  }

  Context& context_;
  const Wanted& wanted_;
  const Prepared& prepared_;
  const UpOptions& up_;
  const AttachOptions& options_;
  Session session_;
  ui::Output error_out_;
  ui::HintLine hint_{STDOUT_FILENO, "d Detach"};
  ui::LogPrinter printer_;
  LogFollower follower_;
  asio::steady_timer finished_;
  std::exception_ptr failure_;
  std::optional<std::chrono::nanoseconds> grace_;
  bool executed_ = false;
  bool interrupted_ = false;
  bool aborted_ = false;
  bool detached_ = false;
  bool ended_ = false;
  int exit_code_ = 0;
};

}  // namespace

int run_attached(Context& context, const Wanted& wanted, const Prepared& prepared, const UpOptions& up,
                 const AttachOptions& options) {
  AttachedUp attached{context, wanted, prepared, up, options};
  return attached.run();
}

}  // namespace compose::cli
