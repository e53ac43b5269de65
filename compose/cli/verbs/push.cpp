#include <algorithm>

#include "base/error.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/image_transfer.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/ui/progress.hpp"

namespace compose::cli {
namespace {

using Phase = sched::Progress::Phase;

class PushVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("--ignore-push-failures", ignore_failures_, "Push what it can and forgive what fails");
    a.flag("--include-deps", include_deps_, "Also push for what the services depend on");
    a.flag("-q,--quiet", quiet_, "Print no progress");
    a.words(services_, "SERVICE...", "Services (default: all that have a build section)");
    a.examples("  compose push\n  compose push --ignore-push-failures web\n");
  }

  int run(Context& context) override {
    const auto project = load_for_transfer(
        context, {.services = services_, .with_dependencies = include_deps_, .quiet = quiet_});
    std::vector<std::string> references;
    const auto add = [&](const std::string& reference) {
      if (std::ranges::count(references, reference) == 0) references.push_back(reference);
    };
    for (const auto& [name, service] : project.services) {
      if (service.provider) continue;
      if (!service.build || service.image.empty()) {
        context.progress().update("Image " + lower::image_of(project, service), Phase::done, "Skipped", "");
        continue;
      }
      add(service.image);
      for (const auto& tag : service.build->tags) add(tag);
    }
    return context.options().dry_run ? 0 : push(context, references);
  }

 private:
  int push(Context& context, const std::vector<std::string>& references) const {
    std::vector<std::string> errors;
    for (const auto& outcome : push_with_progress(context, references, quiet_))
      if (!outcome.error.empty()) errors.push_back(outcome.error);
    context.progress().finish();
    if (errors.empty()) return 0;
    if (!ignore_failures_) base::fail("{}", base::join(errors, "\n"));
    for (const auto& error : errors) context.warn(error);
    return 0;
  }

  bool ignore_failures_ = false;
  bool include_deps_ = false;
  bool quiet_ = false;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_push() {
  return std::make_unique<PushVerb>();
}

}  // namespace compose::cli
