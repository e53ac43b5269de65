#include "compose/cli/project_images.hpp"

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/path.hpp"
#include "base/units.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/image_transfer.hpp"
#include "compose/cli/project_builds.hpp"
#include "compose/cli/pull_policy.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/ui/progress.hpp"
#include "images/platform.hpp"
#include "images/registry/pull_records.hpp"
#include "images/store.hpp"

namespace compose::cli {
namespace {

using Phase = sched::Progress::Phase;

lower::ImageFacts facts_of(const images::Image& image) {
  const auto& config = image.config;
  lower::ImageFacts facts{.id = image.id,
                          .entrypoint = config.entrypoint,
                          .command = config.command,
                          .environment = config.environment,
                          .user = config.user,
                          .directory = config.directory,
                          .labels = config.labels,
                          .exposed_ports = config.exposed_ports,
                          .stop_signal = config.stop_signal};
  for (const auto& volume : config.volumes) facts.volumes.push_back(base::absolute_path(volume, "/"));
  if (const auto& h = config.health)
    facts.healthcheck = lower::ImageHealthcheck{.test = h->test,
                                                .interval = h->interval,
                                                .timeout = h->timeout,
                                                .start_period = h->start_period,
                                                .start_interval = h->start_interval,
                                                .retries = static_cast<std::uint32_t>(h->retries)};
  return facts;
}

std::string policy_of(const model::Service& service, const ImageOptions& options) {
  return options.pull && *options.pull != "policy" ? *options.pull : service.pull_policy;
}

bool wants_pull(Context& context, const model::Service& service, const std::string& reference,
                const ImageOptions& options) {
  if (service.build && service.image.empty()) return false;
  PullQuestion question{.policy = policy_of(service, options),
                        .builds = service.build.has_value(),
                        .present = image_is_present(context, reference, service.platform),
                        .now = context.clock().wall()};
  if (refresh_interval(question.policy) && question.present)
    question.pulled_at = base::parse_time(
        images::PullRecords{context.images().database()}.pulled_at(images::parse_reference(reference)));
  return must_pull(question);
}

// All that are wanted at the same time. What cannot be pulled and can be built is built.
void pull_what_is_wanted(Context& context, const model::Project& project, const ImageOptions& options) {
  std::vector<images::PullRequest> requests;
  std::map<std::string, bool> buildable;
  for (const auto& [name, service] : project.services) {
    if (service.provider) continue;
    const auto reference = lower::image_of(project, service);
    if (buildable.contains(reference) || !wants_pull(context, service, reference, options)) continue;
    requests.push_back({.reference = reference, .platform = service.platform});
    buildable[reference] = service.build.has_value() && !options.no_build;
  }
  if (context.options().dry_run)
    for (const auto& request : requests)
      context.say_of_dry_run(base::text("pull image {}", request.reference));
  if (requests.empty() || context.options().dry_run) return;
  std::vector<std::string> errors;
  for (const auto& outcome : pull_with_progress(context, requests, options.quiet_pull)) {
    if (outcome.error.empty()) continue;
    const bool forgiven = buildable[outcome.reference];
    context.progress().update("Image " + outcome.reference, forgiven ? Phase::warning : Phase::error,
                              forgiven ? "Warning" : "Error", forgiven ? outcome.error : "");
    if (!forgiven) errors.push_back(outcome.error);
  }
  context.progress().finish();
  if (!errors.empty()) base::fail("{}", base::join(errors, "\n"));
}

bool must_build(const model::Service& service, const ImageOptions& options, bool present) {
  if (!service.build || options.no_build) return false;
  return options.build || policy_of(service, options) == "build" || !present;
}

// Before any is looked up: one service may run what another one builds.
void build_what_is_missing(Context& context, const model::Project& project, const ImageOptions& options) {
  std::vector<std::string> names;
  for (const auto& [name, service] : project.services) {
    if (service.provider || !service.build) continue;
    const auto reference = lower::image_of(project, service);
    const bool present = context.images().has(reference);
    if (!present && options.no_build) base::fail("service \"{}\": No such image: {}", name, reference);
    if (must_build(service, options, present)) names.push_back(name);
  }
  build_services(context, project, names, {.quiet = options.quiet_build});
}

}  // namespace

bool image_is_present(Context& context, const std::string& reference, const std::string& platform) {
  const auto image = context.images().resolve(reference);
  if (!image || platform.empty()) return image.has_value();
  return images::platform_rank({image->os, image->architecture, ""}, images::parse_platform(platform)) > 0;
}

namespace {

// A dry run has neither pulled nor built what is missing, so it cannot know what that would run.
lower::ImageFacts facts_of(Context& context, const std::string& service, const std::string& reference) {
  if (context.options().dry_run && !context.images().has(reference))
    return {.command = {"(as the image says)"}};
  return base::with_context(base::text("service \"{}\"", service),
                            [&] { return facts_of(context.images().require(reference)); });
}

}  // namespace

std::map<std::string, lower::ImageFacts> provide_images(Context& context, const model::Project& project,
                                                        const ImageOptions& options) {
  pull_what_is_wanted(context, project, options);
  build_what_is_missing(context, project, options);
  std::map<std::string, lower::ImageFacts> facts;
  std::map<std::string, lower::ImageFacts> by_reference;  // a hundred services may share one
  for (const auto& [name, service] : project.services) {
    if (service.provider) continue;
    const auto reference = lower::image_of(project, service);
    auto known = by_reference.find(reference);
    if (known == by_reference.end()) {
      known = by_reference.emplace(reference, facts_of(context, name, reference)).first;
    }
    facts[name] = known->second;
  }
  context.phase_done("images");
  return facts;
}

}  // namespace compose::cli
