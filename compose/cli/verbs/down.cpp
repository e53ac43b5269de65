#include <algorithm>
#include <iostream>
#include <set>

#include "base/error.hpp"
#include "compose/adapters/leftovers.hpp"
#include "compose/adapters/state.hpp"
#include "compose/cli/execute.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/ui/progress.hpp"
#include "images/store.hpp"
#include "scheduler/lifecycle.hpp"

namespace compose::cli {
namespace {

class DownVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--remove-orphans", orphans_,
           "Also remove containers of services that the compose file does not have");
    a.value("--rmi", rmi_, "local|all", "Also remove images: local ones without a name of their own, or all");
    a.value("-t,--timeout", timeout_, "seconds", "Wait so long after the stop signal before killing");
    a.flag("-v,--volumes,--volume", volumes_, "Also remove named volumes of the file and anonymous volumes");
    a.words(services_, "SERVICE...", "Services, with those that depend on them (default: the whole project)");
    a.examples("  compose down\n  compose down -v --remove-orphans\n  compose -p shop down -t 0\n");
  }

  int run(Context& context) override {
    if (rmi_ && *rmi_ != "local" && *rmi_ != "all")
      throw UsageError(base::text("invalid value for --rmi: \"{}\": must be local or all", *rmi_));
    sched::DownOptions options{.services = services_, .remove_volumes = volumes_, .remove_orphans = orphans_};
    if (timeout_) options.grace = std::chrono::seconds{*timeout_};
    read_file(context, options);
    auto project = existing_project(context, services_, Access::take_away_or_wait);
    const auto plan = sched::plan_down(project.observed, project.graph, options);
    const bool nothing = plan.empty();
    execute_plan(context, plan, project.nothing);
    if (context.options().dry_run) return 0;
    if (volumes_ && services_.empty())
      adapters::remove_ownerless_volumes(
          {context.state(), context.networks(), context.ports(), context.paths()}, context.project_name());
    if (rmi_) remove_images(context, project.observed);
    if (nothing && !rmi_)
      std::cerr << base::text("Warning: No resource found to remove for project \"{}\".\n",
                              context.project_name());
    context.state().forget_project_if_empty(context.project_name());
    context.state().database().copy_log_back_if_long();
    return 0;
  }

 private:
  // The file tells orphans from services; without one every container of the project belongs to it.
  void read_file(Context& context, sched::DownOptions& options) {
    if (!context.has_files()) return;
    auto load = context.load_options();
    load.all_services = true;
    load.resolve_environment = false;
    const auto loaded = context.load(load);
    for (const auto& [name, service] : loaded.project.services) {
      options.known_services.push_back(name);
      if (service.image.empty()) local_.insert(name);
      const bool selected = services_.empty() || std::ranges::find(services_, name) != services_.end();
      if (selected && (rmi_ == "all" || service.image.empty()))
        file_images_.insert(lower::image_of(loaded.project, service));
    }
  }

  void remove_images(Context& context, const sched::ObservedState& observed) {
    std::set<std::string> in_use;
    for (const auto& container : context.state().all_containers()) in_use.insert(container.image_id);
    auto references = file_images_;
    std::erase_if(references, [&](const auto& r) { return !context.images().resolve(r); });
    for (const auto& c : observed.containers)
      if (*rmi_ == "all" || local_.contains(c.service)) references.insert(c.image);
    auto& progress = context.progress();
    using Phase = sched::Progress::Phase;
    for (const auto& reference : references) {
      const auto object = "Image " + reference;
      try {
        progress.update(object, Phase::working, "Removing", "");
        if (context.images().resolve(reference)) context.images().remove(reference, in_use);
        progress.update(object, Phase::done, "Removed", "");
      } catch (const base::Error& e) {
        progress.update(object, Phase::warning, "Resource is still in use", e.what());
      }
    }
  }

  bool orphans_ = false;
  std::optional<std::string> rmi_;
  std::optional<int> timeout_;
  bool volumes_ = false;
  std::vector<std::string> services_;
  std::set<std::string> local_;        // services whose image has no name of its own
  std::set<std::string> file_images_;  // to be removed, whether anything was made from them or not
};

}  // namespace

std::unique_ptr<Verb> make_down() {
  return std::make_unique<DownVerb>();
}

}  // namespace compose::cli
