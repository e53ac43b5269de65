// The verbs that take existing containers from one state to another and differ in their plan alone: stop,
// start, restart, pause, unpause.
#include "scheduler/lifecycle.hpp"

#include "base/error.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/times.hpp"
#include "compose/cli/verbs/verbs.hpp"

namespace compose::cli {
namespace {

class StopVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.value("-t,--timeout", timeout_, "seconds", "Wait so long after the stop signal before killing");
    a.words(services_, "SERVICE...", "Services to stop (default: all)");
    a.examples("  compose stop\n  compose stop -t 2 silo\n");
  }
  int run(Context& context) override {
    auto project = existing_project(context, services_, Access::take_away_or_pass);
    const auto plan = sched::plan_stop(project.observed, project.graph, {services_, given_seconds(timeout_)});
    execute_plan(context, plan, project.nothing);
    return 0;
  }

 private:
  std::optional<int> timeout_;
  std::vector<std::string> services_;
};

class StartVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--wait", wait_, "Wait until the services are running or healthy");
    a.value("--wait-timeout", wait_timeout_, "seconds", "Wait no longer than this");
    a.words(services_, "SERVICE...", "Services to start, with what they depend on (default: all)");
    a.examples("  compose start\n  compose start --wait silo\n");
  }
  int run(Context& context) override {
    auto project = existing_project(context, services_);
    const auto plan =
        sched::plan_start(project.observed, project.graph, {.services = services_, .wait = wait_});
    execute_plan(context, plan, project.nothing,
                 {.timeout = given_seconds(wait_timeout_), .unlocked = wait_});
    return 0;
  }

 private:
  bool wait_ = false;
  std::optional<int> wait_timeout_;
  std::vector<std::string> services_;
};

class RestartVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--no-deps", no_deps_, "Do not restart the services that depend on these");
    a.value("-t,--timeout", timeout_, "seconds", "Wait so long after the stop signal before killing");
    a.words(services_, "SERVICE...", "Services to restart (default: all)");
    a.examples("  compose restart silo\n");
  }
  int run(Context& context) override {
    auto project = existing_project(context, services_);
    const auto plan = sched::plan_restart(
        project.observed, project.graph,
        {.services = services_, .no_dependencies = no_deps_, .grace = given_seconds(timeout_)});
    execute_plan(context, plan, project.nothing);
    return 0;
  }

 private:
  bool no_deps_ = false;
  std::optional<int> timeout_;
  std::vector<std::string> services_;
};

using Planner = sched::Plan (*)(const sched::ObservedState&, const sched::ServiceGraph&,
                                const sched::ServicesOptions&);

class FreezeVerb final : public Verb {
 public:
  FreezeVerb(Planner planner, std::string example) : planner_(planner), example_(std::move(example)) {}
  void declare(Arguments& a) override {
    a.words(services_, "SERVICE...", "Services (default: all)");
    a.examples("  " + example_ + "\n");
  }
  int run(Context& context) override {
    // Nothing is recorded but by the supervisors.
    auto project = existing_project(context, services_, Access::pass_or_wait);
    execute_plan(context, planner_(project.observed, project.graph, {.services = services_}),
                 project.nothing);
    return 0;
  }

 private:
  Planner planner_;
  std::string example_;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_stop() {
  return std::make_unique<StopVerb>();
}
std::unique_ptr<Verb> make_start() {
  return std::make_unique<StartVerb>();
}
std::unique_ptr<Verb> make_restart() {
  return std::make_unique<RestartVerb>();
}
std::unique_ptr<Verb> make_pause() {
  return std::make_unique<FreezeVerb>(sched::plan_pause, "compose pause silo");
}
std::unique_ptr<Verb> make_unpause() {
  return std::make_unique<FreezeVerb>(sched::plan_unpause, "compose unpause silo");
}

}  // namespace compose::cli
