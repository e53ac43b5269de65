#include <csignal>

#include "base/error.hpp"
#include "base/process.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "scheduler/lifecycle.hpp"

namespace compose::cli {
namespace {

class KillVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--remove-orphans", orphans_, "Also containers of services that the compose file does not have");
    a.value("-s,--signal", signal_, "signal", "Signal to send (default SIGKILL)");
    a.words(services_, "SERVICE...", "Services (default: all)");
    a.examples("  compose kill silo\n  compose kill -s HUP proxy\n");
  }
  int run(Context& context) override {
    const auto signal = base::parse_signal(signal_);
    if (!signal) throw UsageError(base::text("invalid signal: {}", signal_));
    // Nothing is recorded but by the supervisors: neither ends another command nor waits for it.
    auto project = existing_project(context, services_, Access::look);
    const auto plan =
        sched::plan_kill(project.observed, project.graph,
                         {.services = services_, .signal = *signal, .remove_orphans = orphans_});
    if (plan.empty()) context.warn("No container to kill");
    execute_plan(context, plan, project.nothing);
    return 0;
  }

 private:
  bool orphans_ = false;
  std::string signal_ = "SIGKILL";
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_kill() {
  return std::make_unique<KillVerb>();
}

}  // namespace compose::cli
