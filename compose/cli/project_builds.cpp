#include "compose/cli/project_builds.hpp"

#include <algorithm>
#include <functional>
#include <iostream>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "compose/adapters/step_runner.hpp"
#include "compose/cli/build_view.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/image_transfer.hpp"
#include "compose/cli/stop_signals.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/ui/progress.hpp"
#include "images/build/remote_cache.hpp"
#include "images/platform.hpp"

namespace compose::cli {
namespace {

using Phase = sched::Progress::Phase;

constexpr std::string_view k_service_context = "service:";

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

// A context may be a service that was not selected. It has something to build: the loader has seen to that,
// but not for one that no profile enables.
const model::Service& service_to_build(const model::Project& project, const std::string& name) {
  auto found = project.services.find(name);
  const bool disabled = found == project.services.end();
  if (disabled) found = project.disabled_services.find(name);
  if (found == (disabled ? project.disabled_services : project.services).end())
    base::fail("there is no service \"{}\"", name);
  if (!found->second.build) base::fail("service \"{}\" has no build section", name);
  return found->second;
}

std::map<std::string, std::string> contexts_of(const model::Project& project, const model::Build& build) {
  std::map<std::string, std::string> contexts;
  constexpr std::string_view layout = "oci-layout://";
  for (const auto& [name, source] : build.additional_contexts)
    contexts[name] = source.starts_with(layout)
                         ? std::string{layout} +
                               base::absolute_path(source.substr(layout.size()), project.working_directory)
                         : source;
  return contexts;
}

std::map<std::string, std::string> agents_of(const model::Project& project, const model::Build& build,
                                             const BuildOptions& options) {
  std::map<std::string, std::string> agents;
  for (const auto* given : {&build.ssh, &options.ssh})
    for (const auto& [id, path] : *given) {
      const auto socket = path.empty() ? base::sys::environment("SSH_AUTH_SOCK").value_or("") : path;
      if (socket.empty()) base::fail("ssh \"{}\": there is no agent: SSH_AUTH_SOCK is not set", id);
      agents[id] = base::absolute_path(
          socket, given == &options.ssh ? base::sys::current_directory() : project.working_directory);
    }
  return agents;
}

// A directory starts from the project's; the rest stays as it was written.
std::string cache_of(const model::Project& project, std::string text) {
  const auto location = images::parse_cache_location(text);
  if (!location || !location->local) return text;
  for (const std::string key : {"src=", "dest="}) {
    const auto at = ("," + text).find("," + key + location->place);
    if (at == std::string::npos) continue;
    return text.replace(at + key.size(), location->place.size(),
                        base::absolute_path(location->place, project.working_directory));
  }
  return text;
}

std::vector<std::string> caches_of(const model::Project& project, const std::vector<std::string>& caches) {
  std::vector<std::string> resolved;
  for (const auto& text : caches) resolved.push_back(cache_of(project, text));
  return resolved;
}

images::StepNetwork network_of(const model::Build& build) {
  if (build.network == "none") return images::StepNetwork::none;
  if (build.network == "host") return images::StepNetwork::host;
  if (build.network.empty() || build.network == "default") return images::StepNetwork::default_;
  base::fail("build network \"{}\" is not supported: use default, host or none", build.network);
}

// Steps have the host's network: its own address leads there.
std::string address_of_host(const std::string& address) {
  return address == "host-gateway" ? "127.0.0.1" : address;
}

// One of the platforms must be this machine's; it is what is built.
std::string platform_of(const model::Build& build, const model::Service& service) {
  if (build.platforms.empty()) return service.platform;
  const auto own = images::own_platform();
  const auto fits = [&](const std::string& platform) {
    return images::platform_rank(own, images::parse_platform(platform)) > 0;
  };
  const auto found = std::ranges::find_if(build.platforms, fits);
  return found == build.platforms.end() ? build.platforms.front() : *found;
}

images::BuildRequest request_of(const model::Project& project, const model::Service& service,
                                const BuildOptions& options) {
  const auto& build = *service.build;
  const auto& entitlements = build.entitlements;
  images::BuildRequest request{
      .name = service.name,
      .context = build.context,
      .dockerfile = build.dockerfile.empty() ? "Dockerfile" : build.dockerfile,
      .arguments = arguments_of(project, build, options),
      .labels = build.labels,
      .tags = build.tags,
      .target = build.target,
      .named_contexts = contexts_of(project, build),
      .secrets = secrets_of(project, build),
      .ssh = agents_of(project, build, options),
      .pull = build.pull || options.pull,
      .cache_from = caches_of(project, build.cache_from),
      .cache_to = caches_of(project, build.cache_to),
      .no_cache = build.no_cache || options.no_cache,
      .no_cache_filter = build.no_cache_filter,
      .platform = platform_of(build, service),
      .network = network_of(build),
      .shm_size = static_cast<std::uint64_t>(build.shm_size.value_or(0)),
      .memory = options.memory,
      .privileged = build.privileged,
      .may_be_privileged = std::ranges::find(entitlements, "security.insecure") != entitlements.end()};
  if (!build.dockerfile_inline.empty()) request.dockerfile_inline = build.dockerfile_inline;
  request.tags.insert(request.tags.begin(), lower::image_of(project, service));
  request.labels["com.docker.compose.project"] = project.name;
  request.labels["com.docker.compose.service"] = service.name;
  request.labels["com.docker.compose.version"] = COMPOSE_VERSION;
  for (const auto& [name, addresses] : build.extra_hosts)
    for (const auto& address : addresses) request.extra_hosts.emplace_back(name, address_of_host(address));
  for (const auto& [name, limit] : build.ulimits)
    request.ulimits.push_back(
        {name, static_cast<std::uint64_t>(limit.soft), static_cast<std::uint64_t>(limit.hard)});
  return request;
}

// What the file says and cannot be done here, as far as the loader has not said so already: in one line.
void warn_of_what_is_ignored(Context& context, const model::Service& service) {
  const auto& build = *service.build;
  std::vector<std::string> ignored;
  for (const auto& entitlement : build.entitlements)
    if (entitlement != "security.insecure" && entitlement != "network.host")
      ignored.push_back("entitlement " + entitlement);
  if (build.platforms.size() > 1) ignored.emplace_back("platforms but this machine's");
  if (!ignored.empty())
    context.warn(base::text("service '{}': build: ignored: {}", service.name, base::join(ignored, ", ")));
}

std::map<std::string, std::string> fetch_images(Context& context,
                                                const std::vector<images::ImageWish>& wishes, bool quiet,
                                                const std::function<bool()>& stop_is_wanted) {
  std::vector<images::PullRequest> pulls;
  for (const auto& wish : wishes) pulls.push_back({.reference = wish.reference, .platform = wish.platform});
  std::map<std::string, std::string> errors;
  const auto stop = [&] {
    if (stop_is_wanted()) throw images::BuildStopped{};
  };
  for (const auto& outcome : pull_with_progress(context, pulls, quiet, stop))
    if (!outcome.error.empty()) errors[outcome.reference] = outcome.error;
  return errors;
}

std::string image_row(const model::Project& project, const std::string& name) {
  return "Image " + lower::image_of(project, service_to_build(project, name));
}

void run_builds(Context& context, const std::vector<images::BuildRequest>& requests,
                const BuildOptions& options, StopSignals& signals) {
  adapters::ContainerStepRunner runner{context.paths()};
  images::PlainBuildProgress plain{[](std::string_view lines) { std::cerr << lines << std::flush; }};
  images::SilentBuildProgress silent;
  LiveBuildProgress live{context.progress()};
  images::BuildProgress* shown = &plain;
  const auto mode = context.options().progress;
  if (context.progress().needs_ticks() || mode == ProgressMode::json) shown = &live;
  if (options.quiet || mode == ProgressMode::quiet) shown = &silent;
  const auto bound = context.options().parallel;
  const auto stop_is_wanted = [&] { return signals.came() != 0; };
  images::build_images(
      {.store = context.images(),
       .runner = runner,
       .progress = *shown,
       .fetch =
           [&](const auto& wishes) { return fetch_images(context, wishes, options.quiet, stop_is_wanted); },
       .parallel = bound > 0 ? static_cast<std::size_t>(bound) : 0,
       .stop_is_wanted = stop_is_wanted},
      requests);
}

}  // namespace

std::vector<std::string> services_to_build(const model::Project& project,
                                           const std::vector<std::string>& names) {
  std::vector<std::string> all;
  std::set<std::string> known;
  std::vector<std::string> next{names.rbegin(), names.rend()};
  while (!next.empty()) {
    const auto name = std::move(next.back());
    next.pop_back();
    if (!known.insert(name).second) continue;
    all.push_back(name);
    for (const auto& [context_name, other] : service_to_build(project, name).build->additional_contexts)
      if (other.starts_with(k_service_context)) next.push_back(other.substr(k_service_context.size()));
  }
  return all;
}

images::BuildRequest build_request_of(const model::Project& project, const model::Service& service,
                                      const BuildOptions& options) {
  return base::with_context(base::text("service \"{}\": build", service.name),
                            [&] { return request_of(project, service, options); });
}

void build_services(Context& context, const model::Project& project, const std::vector<std::string>& names,
                    const BuildOptions& options) {
  if (names.empty()) return;
  const auto all = services_to_build(project, names);
  std::vector<images::BuildRequest> requests;
  for (const auto& name : all) {
    const auto& service = service_to_build(project, name);
    warn_of_what_is_ignored(context, service);
    requests.push_back(build_request_of(project, service, options));
  }
  if (context.options().dry_run) {
    for (const auto& name : all)
      context.say_of_dry_run(base::text("build image {} (service {})",
                                        lower::image_of(project, service_to_build(project, name)), name));
    return;
  }
  auto& progress = context.progress();
  const auto show = [&](Phase phase, const char* words) {
    if (options.quiet) return;
    for (const auto& name : all) progress.update(image_row(project, name), phase, words, "");
  };
  StopSignals signals;
  show(Phase::working, "Building");
  if (!progress.needs_ticks()) progress.finish();
  try {
    run_builds(context, requests, options, signals);
  } catch (const images::BuildStopped&) {
    show(Phase::error, "Canceled");
    progress.finish();
    throw Interrupted{signals.came(), "build canceled"};
  } catch (const images::BuildError& e) {
    if (!options.quiet) progress.update(image_row(project, e.name()), Phase::error, "Error", "");
    progress.finish();
    base::fail("service \"{}\": build: {}", e.name(), e.what());
  }
  show(Phase::done, "Built");
}

}  // namespace compose::cli
