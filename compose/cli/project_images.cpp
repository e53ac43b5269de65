#include "compose/cli/project_images.hpp"

#include <functional>
#include <iostream>
#include <set>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/step_runner.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/image_transfer.hpp"
#include "compose/cli/pull_policy.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/ui/progress.hpp"
#include "images/build/build.hpp"
#include "images/build/remote_cache.hpp"
#include "images/platform.hpp"
#include "images/registry/pull_records.hpp"
#include "images/registry/settings.hpp"
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
                          .volumes = config.volumes,
                          .exposed_ports = config.exposed_ports,
                          .stop_signal = config.stop_signal};
  if (const auto& h = config.health)
    facts.healthcheck = lower::ImageHealthcheck{.test = h->test,
                                                .interval = h->interval,
                                                .timeout = h->timeout,
                                                .start_period = h->start_period,
                                                .start_interval = h->start_interval,
                                                .retries = static_cast<std::uint32_t>(h->retries)};
  return facts;
}

std::map<std::string, std::string> arguments_of(const model::Project& project, const model::Build& build,
                                                const BuildOptions& options) {
  std::map<std::string, std::string> arguments;
  for (const auto& [key, value] : build.args)
    if (value) arguments[key] = *value;
  for (const auto& [key, value] : options.arguments) {
    if (value)
      arguments[key] = *value;
    else if (const auto found = project.environment.find(key); found != project.environment.end())
      arguments[key] = found->second;
  }
  return arguments;
}

std::vector<images::BuildSecret> secrets_of(const model::Project& project, const model::Build& build) {
  std::vector<images::BuildSecret> secrets;
  for (const auto& grant : build.secrets) {
    const auto found = project.secrets.find(grant.source);
    if (found == project.secrets.end()) base::fail("undefined secret \"{}\"", grant.source);
    const auto& secret = found->second;
    std::string content;
    if (!secret.file.empty())
      content = base::read_file(base::HostPath{secret.file});
    else if (secret.resolved_content)
      content = *secret.resolved_content;
    else
      base::fail("environment variable \"{}\" required by secret \"{}\" is not set", secret.environment,
                 grant.source);
    secrets.push_back({grant.target.empty() ? grant.source : grant.target, std::move(content)});
  }
  return secrets;
}

constexpr std::string_view k_service_context = "service:";

// A context may be a service that was not selected.
const model::Service& service_named(const model::Project& project, std::string_view name) {
  const std::string key{name};
  const auto found = project.services.find(key);
  return found != project.services.end() ? found->second : project.disabled_services.at(key);
}

// What an additional context of another service is: the image that it was built to.
// By its id: the name may mean something else to a registry.
std::map<std::string, std::string> contexts_of(Context& context, const model::Project& project,
                                               const model::Build& build) {
  std::map<std::string, std::string> contexts;
  for (const auto& [name, source] : build.additional_contexts) {
    contexts[name] = source;
    if (!source.starts_with(k_service_context)) continue;
    const auto& service = service_named(project, source.substr(k_service_context.size()));
    contexts[name] = "docker-image://" + context.images().require(lower::image_of(project, service)).id;
  }
  return contexts;
}

std::map<std::string, std::string> agents_of(const model::Build& build, const BuildOptions& options) {
  std::map<std::string, std::string> agents;
  for (const auto* given : {&build.ssh, &options.ssh})
    for (const auto& [id, path] : *given) {
      const auto socket = path.empty() ? base::sys::environment("SSH_AUTH_SOCK").value_or("") : path;
      if (socket.empty()) base::fail("ssh \"{}\": there is no agent: SSH_AUTH_SOCK is not set", id);
      agents[id] = base::absolute_path(socket, base::sys::current_directory());
    }
  return agents;
}

// Directories start from the project's.
std::vector<std::string> caches_of(const model::Project& project, const std::vector<std::string>& caches) {
  std::vector<std::string> resolved;
  for (const auto& text : caches) {
    const auto location = images::parse_cache_location(text);
    resolved.push_back(location && location->local
                           ? "type=local,src=" +
                                 base::absolute_path(location->place, project.working_directory)
                           : text);
  }
  return resolved;
}

images::StepNetwork network_of(const model::Build& build) {
  if (build.network == "none") return images::StepNetwork::none;
  if (build.network == "host") return images::StepNetwork::host;
  if (build.network.empty() || build.network == "default") return images::StepNetwork::default_;
  base::fail("build network \"{}\" is not supported: use default, host or none", build.network);
}

images::BuildRequest request_of(Context& context, const model::Project& project,
                                const model::Service& service, const BuildOptions& options) {
  const auto& build = *service.build;
  images::BuildRequest request{.context = base::HostPath{base::clean_path(build.context)},
                               .dockerfile = build.dockerfile.empty() ? "Dockerfile" : build.dockerfile,
                               .arguments = arguments_of(project, build, options),
                               .labels = build.labels,
                               .tags = build.tags,
                               .target = build.target,
                               .named_contexts = contexts_of(context, project, build),
                               .secrets = secrets_of(project, build),
                               .ssh = agents_of(build, options),
                               .pull = build.pull || options.pull,
                               .cache_from = caches_of(project, build.cache_from),
                               .cache_to = caches_of(project, build.cache_to),
                               .no_cache = build.no_cache || options.no_cache,
                               .no_cache_filter = build.no_cache_filter,
                               .network = network_of(build),
                               .shm_size = static_cast<std::uint64_t>(build.shm_size.value_or(0)),
                               .privileged = build.privileged};
  if (!build.dockerfile_inline.empty()) request.dockerfile_inline = build.dockerfile_inline;
  request.tags.insert(request.tags.begin(), lower::image_of(project, service));
  for (const auto* key : {"project", "service"})
    request.labels[std::string{"com.docker.compose."} + key] =
        key == std::string{"project"} ? project.name : service.name;
  request.labels["com.docker.compose.version"] = COMPOSE_VERSION;
  for (const auto& [name, addresses] : build.extra_hosts)
    for (const auto& address : addresses) request.extra_hosts.emplace_back(name, address);
  for (const auto& [name, limit] : build.ulimits)
    request.ulimits.push_back(
        {name, static_cast<std::uint64_t>(limit.soft), static_cast<std::uint64_t>(limit.hard)});
  if (build.platforms.size() > 1) base::fail("building for several platforms is not supported");
  if (!build.platforms.empty()) request.platform = build.platforms.front();
  return request;
}

void build_service(Context& context, const model::Project& project, const model::Service& service,
                   const BuildOptions& options) {
  const auto image = lower::image_of(project, service);
  auto& progress = context.progress();
  progress.update("Image " + image, Phase::working, "Building", "");
  progress.finish();
  adapters::ContainerStepRunner runner{context.paths()};
  images::PlainBuildProgress plain{[](std::string_view lines) { std::cerr << lines << std::flush; }};
  images::SilentBuildProgress silent;
  images::BuildProgress& shown = options.quiet ? static_cast<images::BuildProgress&>(silent) : plain;
  try {
    auto request = request_of(context, project, service, options);
    request.fetch = [&](const std::string& reference) {
      TransferView view{context, options.quiet};
      images::pull_image(context.images(), images::load_registry_settings(),
                         {.reference = reference, .platform = request.platform}, view);
    };
    images::build_image(context.images(), request, runner, shown);
  } catch (const base::Error& e) {
    progress.update("Image " + image, Phase::error, "Error", "");
    base::fail("service \"{}\": build: {}", service.name, e.what());
  }
  progress.update("Image " + image, Phase::done, "Built", "");
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
    const bool present = context.images().resolve(reference).has_value();
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

void build_services(Context& context, const model::Project& project, const std::vector<std::string>& names,
                    const BuildOptions& options) {
  std::set<std::string> done;
  std::set<std::string> begun;
  const std::function<void(const std::string&)> visit = [&](const std::string& name) {
    if (done.contains(name)) return;
    if (!begun.insert(name).second)
      base::fail("service \"{}\": build: its additional contexts lead back to it", name);
    const auto& service = service_named(project, name);
    for (const auto& [context_name, other] : service.build->additional_contexts)
      if (other.starts_with(k_service_context)) visit(other.substr(k_service_context.size()));
    build_service(context, project, service, options);
    done.insert(name);
  };
  for (const auto& name : names) visit(name);
}

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
      const auto image = base::with_context(base::text("service \"{}\"", name),
                                            [&] { return context.images().require(reference); });
      known = by_reference.emplace(reference, facts_of(image)).first;
    }
    facts[name] = known->second;
  }
  context.phase_done("images");
  return facts;
}

}  // namespace compose::cli
