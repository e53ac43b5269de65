#include "images/registry/pull.hpp"

#include <iostream>
#include <map>

#include "base/error.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/image_transfer.hpp"
#include "compose/cli/project_images.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/ui/progress.hpp"

namespace compose::cli {
namespace {

using Phase = sched::Progress::Phase;

class PullVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--ignore-buildable", ignore_buildable_, "Leave out images that can be built");
    a.flag("--ignore-pull-failures", ignore_failures_, "Pull what it can and forgive what fails");
    a.flag("--include-deps", include_deps_, "Also pull for what the services depend on");
    a.value("--policy", policy_, "policy", "missing or always");
    a.flag("-q,--quiet", quiet_, "Print no progress");
    a.flag("--no-parallel,--parallel", ignored_, "!");
    a.words(services_, "SERVICE...", "Services (default: all)");
    a.examples("  compose pull\n  compose pull --policy missing\n  compose pull --ignore-buildable web\n");
  }

  int run(Context& context) override {
    if (policy_ && *policy_ != "missing" && *policy_ != "always")
      throw UsageError(base::text("unsupported --policy value \"{}\": must be missing or always", *policy_));
    const auto project = load_for_transfer(
        context, {.services = services_, .with_dependencies = include_deps_, .quiet = quiet_});
    choose(context, project);
    if (context.options().dry_run) return dry_run(context);
    return report(context, pull_with_progress(context, requests_, quiet_));
  }

 private:
  void choose(Context& context, const model::Project& project) {
    for (const auto& [name, service] : project.services) {
      if (service.provider) continue;
      const auto reference = lower::image_of(project, service);
      const bool has_name = !service.image.empty();
      if (service.build && (!has_name || ignore_buildable_)) {
        skip(context, reference, has_name ? "Image can be built" : "No image to be pulled");
        continue;
      }
      const auto policy = policy_.value_or(service.pull_policy);
      const bool present = image_is_present(context, reference, service.platform);
      if (policy == "never" || policy == "build") {
        skip(context, reference, "");
      } else if ((policy == "missing" || policy == "if_not_present") && present) {
        skip(context, reference, "Image is already present locally");
      } else if (!buildable_.contains(reference)) {
        requests_.push_back({.reference = reference, .platform = service.platform});
        buildable_[reference] = service.build ? name : "";
      }
    }
  }

  static void skip(Context& context, const std::string& reference, const std::string& why) {
    context.progress().update("Image " + reference, Phase::done, "Skipped", why);
  }

  int dry_run(Context& context) const {
    for (const auto& request : requests_)
      context.progress().update("Image " + request.reference, Phase::done, "Pulled", "");
    return 0;
  }

  int report(Context& context, const std::vector<images::PullOutcome>& outcomes) {
    std::string to_build;
    std::vector<std::string> errors;
    for (const auto& outcome : outcomes) {
      if (outcome.error.empty()) continue;
      const auto& builder = buildable_.at(outcome.reference);
      const bool forgiven = ignore_failures_ || !builder.empty();
      context.progress().update("Image " + outcome.reference, forgiven ? Phase::warning : Phase::error,
                                forgiven ? "Warning" : "Error", forgiven ? outcome.error : "");
      if (!builder.empty()) to_build += " " + builder;
      if (!forgiven) errors.push_back(outcome.error);
    }
    context.progress().finish();
    if (!to_build.empty())
      context.warn("Some service image(s) must be built from source by running:\n    compose build" +
                   to_build);
    if (!errors.empty()) base::fail("{}", base::join(errors, "\n"));
    return 0;
  }

  std::vector<images::PullRequest> requests_;
  std::map<std::string, std::string> buildable_;  // by reference: the service that can build it; "" none
  std::optional<std::string> policy_;
  bool ignore_buildable_ = false;
  bool ignore_failures_ = false;
  bool include_deps_ = false;
  bool quiet_ = false;
  bool ignored_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_pull() {
  return std::make_unique<PullVerb>();
}

}  // namespace compose::cli
