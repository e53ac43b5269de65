#include "scheduler/executor.hpp"

#include <algorithm>
#include <exception>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/fault.hpp"
#include "base/scope_exit.hpp"
#include "scheduler/execution.hpp"

namespace compose::sched {

namespace asio = boost::asio;

std::string why_unreported(const std::exception_ptr& error) {
  if (!error) return "it was not reported as done";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  }
}

void Interrupt::request() {
  requested_ = true;
  if (call_) call_();
}

Task<Outcome> execute(const Plan& plan, const DesiredState& desired, Effects effects,
                      ExecuteOptions options) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Execution execution{executor, plan, desired, effects, options};
  Outcome outcome = co_await execution.run();
  co_return outcome;
}

Execution::Execution(asio::any_io_executor executor, const Plan& plan, const DesiredState& desired,
                     Effects effects, ExecuteOptions options)
    : plan_(plan),
      desired_(desired),
      effects_(effects),
      options_(options),
      executor_(executor),
      wake_(executor, Deadline::max()),
      nodes_(plan.steps().size()) {
  for (const DesiredService& s : desired_.services) services_.emplace(s.name, &s);
}

Task<Outcome> Execution::run() {
  if (options_.wait_timeout) deadline_ = effects_.clock.monotonic() + *options_.wait_timeout;
  if (options_.interrupt) {
    options_.interrupt->on_request([this] {
      effects_.runtime.wake_waits();
      if (effects_.hooks) effects_.hooks->wake_waits();
      wake();
    });
  }
  const base::ScopeExit forget{[this] {
    if (options_.interrupt) options_.interrupt->on_request({});
  }};
  for (const ContainerRef& kept : plan_.kept())
    effects_.progress.update("Container " + kept.name, Phase::done, "Running", "");
  link();
  for (;;) {
    if (!interrupted()) launch_ready();
    if (in_flight_ == 0) break;
    if (changes_left_ == 0 && options_.when_only_waiting && !interrupted()) {
      const auto tell = std::exchange(options_.when_only_waiting, {});
      co_await tell(outcome_);
      continue;  // what ended meanwhile woke nobody
    }
    boost::system::error_code woken;
    co_await wake_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
  for (const Node& n : nodes_)
    if (n.state != State::done && n.state != State::failed) ++outcome_.skipped;
  outcome_.interrupted = interrupted() && outcome_.skipped != 0;
  co_return std::move(outcome_);
}

namespace {

bool changes_something(const Step& step) {
  return !std::holds_alternative<AwaitCondition>(step.operation) &&
         !std::holds_alternative<Milestone>(step.operation);
}

}  // namespace

void Execution::link() {
  for (const Step& step : plan_.steps()) {
    if (changes_something(step)) ++changes_left_;
    Node& n = node(step);
    n.waits_for = step.after.size();
    for (const StepId id : step.after)
      nodes_[static_cast<std::size_t>(id) - 1].dependents.push_back(static_cast<std::size_t>(step.id) - 1);
    if (n.waits_for != 0) continue;
    n.state = State::ready;
    ready_.push_back(&step);
  }
}

// Everything before this step has ended, one way or the other. A loop instead of recursion: chains may be
// long.
void Execution::settle(std::size_t first) {
  std::vector<std::size_t> ended{first};
  while (!ended.empty()) {
    const std::size_t index = ended.back();
    ended.pop_back();
    const Step& step = plan_.steps()[index];
    Node& n = nodes_[index];
    const auto* wait = std::get_if<AwaitCondition>(&step.operation);
    const bool is_milestone = std::holds_alternative<Milestone>(step.operation);
    const bool tolerant = wait && !wait->required;
    if (n.poison.empty() ? !is_milestone : tolerant) {
      n.state = State::ready;
      ready_.push_back(&step);
      continue;
    }
    n.state = n.poison.empty() ? State::done : State::skipped;
    if (changes_something(step)) --changes_left_;
    for (const std::size_t dependent : n.dependents) {
      if (nodes_[dependent].poison.empty()) nodes_[dependent].poison = n.poison;
      if (--nodes_[dependent].waits_for == 0) ended.push_back(dependent);
    }
  }
}

void Execution::end(const Step& step, State state, const std::string& why) {
  Node& n = node(step);
  n.state = state;
  if (changes_something(step)) --changes_left_;
  for (const std::size_t dependent : n.dependents) {
    if (state != State::done && nodes_[dependent].poison.empty()) nodes_[dependent].poison = why;
    if (--nodes_[dependent].waits_for == 0) settle(dependent);
  }
  wake();
}

void Execution::failed(const Step& step, const std::string& prefix, const std::string& why) {
  std::string message = prefix + why;
  end(step, State::failed, message);
  outcome_.failures.push_back({step.id, std::move(message)});
}

// One transaction of the state each: better one after the other and large than many small ones at once.
bool Execution::is_one_at_a_time(const Operation& operation) {
  return std::holds_alternative<CreateContainer>(operation) ||
         std::holds_alternative<RemoveContainer>(operation) ||
         std::holds_alternative<RenameContainer>(operation) ||
         std::holds_alternative<DisconnectNetwork>(operation) ||
         std::holds_alternative<ConnectNetwork>(operation);
}

bool Execution::same_batch(const Operation& a, const Operation& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&](const auto& left) {
        using Op = std::remove_cvref_t<decltype(left)>;
        const Op& right = std::get<Op>(b);
        if constexpr (requires { left.grace; }) return left.grace == right.grace;
        if constexpr (requires { left.signal; }) return left.signal == right.signal;
        if constexpr (requires { left.with_anonymous_volumes; })
          return left.with_anonymous_volumes == right.with_anonymous_volumes;
        if constexpr (std::is_same_v<Op, DisconnectNetwork>) return left.network == right.network;
        return container_of(a) != nullptr;  // networks, volumes and waits go alone
      },
      a);
}

void Execution::launch_ready() {
  std::vector<Steps> batches;
  std::vector<const Step*> later;
  for (const Step* step : ready_) {
    if (is_one_at_a_time(step->operation) && busy_[step->operation.index()]) {
      later.push_back(step);
      continue;
    }
    const auto joins = [&](const Steps& batch) {
      return same_batch(batch.front()->operation, step->operation);
    };
    const auto batch = std::ranges::find_if(batches, joins);
    if (batch == batches.end())
      batches.push_back({step});
    else
      batch->push_back(step);
  }
  ready_ = std::move(later);
  for (Steps& batch : batches) {
    if (std::holds_alternative<AwaitCondition>(batch.front()->operation))
      launch_wait(*batch.front());
    else
      launch(std::move(batch));
  }
}

void Execution::launch(Steps steps) {
  for (const Step* step : steps) node(*step).state = State::running;
  const std::size_t kind = steps.front()->operation.index();
  if (is_one_at_a_time(steps.front()->operation)) busy_[kind] = true;
  ++in_flight_;
  base::fault_point("plan.batch_begin");
  auto ended = [this, kind, steps](const std::exception_ptr& error) {
    base::fault_point("plan.batch_end");
    busy_[kind] = false;
    --in_flight_;
    end_unreported(steps, error);
    wake();
  };
  asio::co_spawn(executor_, run_batch(std::move(steps)), std::move(ended));
}

void Execution::launch_wait(const Step& step) {
  node(step).state = State::running;
  ++in_flight_;
  auto ended = [this, &step](const std::exception_ptr& error) {
    --in_flight_;
    if (node(step).state == State::running) failed(step, "", why_unreported(error));
    wake();
  };
  asio::co_spawn(executor_, run_wait(step), std::move(ended));
}

}  // namespace compose::sched
