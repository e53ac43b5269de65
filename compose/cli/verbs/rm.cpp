#include <algorithm>
#include <iostream>

#include "base/text.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "scheduler/lifecycle.hpp"

namespace compose::cli {
namespace {

class RmVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-f,--force", force_, "Do not ask");
    a.flag("-s,--stop", stop_, "Stop the containers first");
    a.flag("-v,--volumes", volumes_, "Also remove their anonymous volumes");
    a.flag("-a,--all", all_, "!");
    a.words(services_, "SERVICE...", "Services (default: all)");
    a.examples("  compose rm -f\n  compose rm -fsv silo\n");
  }
  int run(Context& context) override {
    auto project = existing_project(context, services_);
    const auto plan = sched::plan_remove(
        project.observed, project.graph,
        {.services = services_, .stop_first = stop_, .remove_anonymous_volumes = volumes_});
    std::vector<std::string> names;
    for (const auto& step : plan.steps())
      if (const auto* remove = std::get_if<sched::RemoveContainer>(&step.operation))
        names.push_back(remove->container.name);
    if (names.empty()) {
      std::cerr << "No stopped containers" << std::endl;
      return 0;
    }
    const auto question = base::text("Going to remove {}", base::join(names, ", "));
    if (force_)
      std::cerr << question << std::endl;
    else if (!context.ask(question))
      return 0;
    execute_plan(context, plan, project.nothing);
    return 0;
  }

 private:
  bool force_ = false;
  bool stop_ = false;
  bool volumes_ = false;
  bool all_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_rm() {
  return std::make_unique<RmVerb>();
}

}  // namespace compose::cli
