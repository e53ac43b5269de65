#pragma once
// Internal to the executor: one run of a plan. Bookkeeping of which steps are ready (executor.cpp), calls of
// the effects with what people are told (executor_batches.cpp), waits for conditions (executor_waits.cpp).
//
// A step is ready when all before it are done. Ready steps of one kind and with the same parameters are
// launched as one batch. Kinds that are one transaction of the state have at most one batch in flight: what
// becomes ready meanwhile goes together into the next one.
#include <exception>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "scheduler/executor.hpp"

namespace compose::sched {

// Of a step whose effect ended with this (null: in order) and did not say how the step went.
[[nodiscard]] std::string why_unreported(const std::exception_ptr& error);

class Execution {
 public:
  Execution(boost::asio::any_io_executor executor, const Plan& plan, const DesiredState& desired,
            Effects effects, ExecuteOptions options);
  Task<Outcome> run();

 private:
  using Steps = std::vector<const Step*>;
  using Deadline = std::chrono::steady_clock::time_point;
  using Phase = Progress::Phase;
  enum class State : std::uint8_t { waiting, ready, running, done, failed, skipped };
  struct Node {
    State state = State::waiting;
    std::size_t waits_for = 0;
    std::vector<std::size_t> dependents;
    std::string poison;  // why a step before it was not done; empty: they all were
  };

  // executor.cpp
  void link();
  void settle(std::size_t first);
  void launch_ready();
  void launch(Steps steps);
  void launch_wait(const Step& step);
  void end(const Step& step, State state, const std::string& why);
  void done(const Step& step) { end(step, State::done, {}); }
  void failed(const Step& step, const std::string& prefix, const std::string& why);
  void wake() { wake_.cancel(); }
  [[nodiscard]] static bool is_one_at_a_time(const Operation& operation);
  [[nodiscard]] static bool same_batch(const Operation& a, const Operation& b);
  [[nodiscard]] bool interrupted() const { return options_.interrupt && options_.interrupt->requested(); }
  Node& node(const Step& step) { return nodes_[static_cast<std::size_t>(step.id) - 1]; }

  // executor_batches.cpp
  Task<void> run_batch(Steps steps);
  Task<void> run_resource(const Step& step);
  Task<void> run_creations(Steps steps);
  Task<void> run_restarts(Steps steps);
  void foresee_starts(const Steps& starting);
  [[nodiscard]] bool waits_for_starts_only(const Step& step) const;
  Task<void> call(const Steps& steps, const std::vector<rt::ContainerId>& ids, Finished finished);
  Task<void> call_renames(const Steps& steps, Finished finished);
  Task<void> call_connections(const Steps& steps, Finished finished);
  Task<void> call_hooks(const Steps& steps, Finished finished);
  void end_unreported(const Steps& steps, const std::exception_ptr& error);
  void skip(const Step& step) { end(step, State::skipped, "interrupted"); }
  [[nodiscard]] CreateRequest request_of(const CreateContainer& operation) const;
  [[nodiscard]] rt::ContainerId id_of(const ContainerRef& ref) const;
  [[nodiscard]] const DesiredService* service(const std::string& name) const;
  void tell(const Step& step, Phase phase, const std::string& details = {});

  // executor_waits.cpp
  Task<void> run_wait(const Step& step);
  void end_wait(const Step& step, const AwaitCondition& wait, const std::string& why);
  void tell_wait(const AwaitCondition& wait, Phase phase, const std::string& text,
                 const std::string& details = {});

  const Plan& plan_;
  const DesiredState& desired_;
  Effects effects_;
  ExecuteOptions options_;
  boost::asio::any_io_executor executor_;
  boost::asio::steady_timer wake_;
  Deadline deadline_ = Deadline::max();
  std::vector<Node> nodes_;
  std::vector<const Step*> ready_;
  // By index of the operation's alternative: one-at-a-time kinds in flight.
  std::map<std::size_t, bool> busy_;
  std::unordered_map<std::string_view, const DesiredService*> services_;
  std::size_t in_flight_ = 0;
  std::size_t changes_left_ = 0;  // steps that are no waits and have not ended
  Outcome outcome_;
};

}  // namespace compose::sched
