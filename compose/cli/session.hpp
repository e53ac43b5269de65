#pragma once
// The effectful half of a command: one io_context, one thread, the adapters, and how Ctrl-C reaches a running
// plan. Includes Asio; verbs that only ask for a plan to be executed use execute.hpp instead.
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "compose/adapters/runtime_adapter.hpp"
#include "compose/cli/context.hpp"
#include "scheduler/executor.hpp"

namespace compose::cli {

class Session {
 public:
  // `desired`: what containers are made from; outlives the session.
  Session(Context& context, const sched::DesiredState& desired);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  [[nodiscard]] boost::asio::io_context& io() noexcept;
  [[nodiscard]] adapters::RuntimeAdapter& runtime() noexcept;
  [[nodiscard]] sched::Effects effects();

  // Runs the loop until the task has ended, and passes on what it threw.
  void run(sched::Task<void> task);
  // What a signal does while run() runs; by default the first one interrupts the plan and the second one
  // gives up.
  using OnSignal = std::function<void(int signal, int count)>;
  void on_signal(OnSignal call);
  void hear_hangup();  // SIGHUP is one of them: the terminal may go, and this command has something to end
  // What the request of another command does, that this one ends (Context::take_end_request); by default it
  // interrupts the plan, too.
  void on_end_request(std::function<void()> call);
  void hear_end_requests();  // after the project was locked anew while run() runs
  [[nodiscard]] const std::optional<std::string>& ended_by() const noexcept;  // who asked
  void wait_unlocked();     // the project's lock is let go when nothing but waits is left of a plan
  void interrupt();         // the plan that is being executed
  void forget_interrupt();  // the next one runs again

  // Executes, prints warnings and failures. Throws Interrupted after Ctrl-C, EndedByOther after the request
  // of another command, and Error{first failure} when something failed.
  sched::Outcome execute(const sched::Plan& plan, sched::ExecuteOptions options = {});
  [[nodiscard]] sched::Task<sched::Outcome> execution(const sched::Plan& plan, sched::ExecuteOptions options);
  void report(const sched::Plan& plan, const sched::Outcome& outcome);

 private:
  sched::Task<sched::Failure> settle();
  sched::Task<void> unlock(const sched::Outcome& so_far);
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace compose::cli
