#include <algorithm>
#include <iostream>
#include <set>

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
    // Nobody waits for the answer, and no other command ends for a question.
    if (!force_ && !agreed(context)) return 0;
    auto project = existing_project(context, services_, stop_ ? Access::take_away_or_wait : Access::wait);
    if (!force_)
      std::erase_if(project.observed.containers, [&](const auto& c) { return !to_remove_.contains(c.id); });
    const auto removal = plan(project);
    const auto names = names_of_removed(removal);
    if (force_ && names.empty()) std::cerr << "No stopped containers" << std::endl;
    if (names.empty()) return 0;
    if (force_) std::cerr << question(names) << std::endl;
    execute_plan(context, removal, project.nothing);
    return 0;
  }

 private:
  [[nodiscard]] sched::Plan plan(const ExistingProject& project) const {
    return sched::plan_remove(
        project.observed, project.graph,
        {.services = services_, .stop_first = stop_, .remove_anonymous_volumes = volumes_});
  }

  static std::vector<std::string> names_of_removed(const sched::Plan& plan) {
    std::vector<std::string> names;
    for (const auto& step : plan.steps())
      if (const auto* remove = std::get_if<sched::RemoveContainer>(&step.operation))
        names.push_back(remove->container.name);
    return names;
  }

  static std::string question(const std::vector<std::string>& names) {
    return base::text("Going to remove {}", base::join(names, ", "));
  }

  bool agreed(Context& context) {
    const auto removal = plan(existing_project(context, services_, Access::look));
    for (const auto& step : removal.steps())
      if (const auto* remove = std::get_if<sched::RemoveContainer>(&step.operation))
        to_remove_.insert(remove->container.id);
    if (!to_remove_.empty()) return context.ask(question(names_of_removed(removal)));
    std::cerr << "No stopped containers" << std::endl;
    return false;
  }

  bool force_ = false;
  bool stop_ = false;
  bool volumes_ = false;
  bool all_ = false;
  std::vector<std::string> services_;
  std::set<rt::ContainerId> to_remove_;  // as agreed
};

}  // namespace

std::unique_ptr<Verb> make_rm() {
  return std::make_unique<RmVerb>();
}

}  // namespace compose::cli
