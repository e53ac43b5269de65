#include "compose/cli/bake_file.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "compose/lower/lower_project.hpp"

namespace compose::cli {
namespace {

using base::Json;
using base::put_if_any;

// A target's name has no dots and the like in it.
std::string target_name(const std::string& service) {
  auto name = service;
  for (char& c : name)
    if (c == '.') c = '_';
  return name;
}

std::vector<std::string> secrets_in(const model::Project& project, const model::Build& build) {
  std::vector<std::string> secrets;
  for (const auto& grant : build.secrets) {
    const auto& secret = project.secrets.at(grant.source);
    const auto& id = grant.target.empty() ? grant.source : grant.target;
    secrets.push_back(
        "id=" + id +
        (secret.file.empty() ? ",type=env,env=" + secret.environment : ",type=file,src=" + secret.file));
  }
  return secrets;
}

std::map<std::string, std::string> contexts_in(const model::Build& build) {
  constexpr std::string_view service = "service:";
  std::map<std::string, std::string> contexts;
  for (const auto& [name, source] : build.additional_contexts)
    contexts[name] =
        source.starts_with(service) ? "target:" + target_name(source.substr(service.size())) : source;
  return contexts;
}

Json target_of(const model::Project& project, const model::Service& service, const BuildOptions& options,
               bool push) {
  const auto& build = *service.build;
  const auto request = build_request_of(project, service, options);
  Json target = Json::object();
  target["context"] = request.context;
  put_if_any(target, "contexts", contexts_in(build));
  if (request.dockerfile_inline)
    target["dockerfile-inline"] = *request.dockerfile_inline;
  else
    target["dockerfile"] = request.dockerfile;
  put_if_any(target, "args", request.arguments);
  put_if_any(target, "labels", build.labels);
  put_if_any(target, "tags", request.tags);
  put_if_any(target, "cache-from", build.cache_from);
  put_if_any(target, "cache-to", build.cache_to);
  put_if_any(target, "target", build.target);
  put_if_any(target, "secret", secrets_in(project, build));
  std::vector<std::string> agents;
  for (const auto* given : {&build.ssh, &options.ssh})
    for (const auto& [id, path] : *given) agents.push_back(path.empty() ? id : id + "=" + path);
  put_if_any(target, "ssh", agents);
  put_if_any(target, "platforms", build.platforms);
  put_if_any(target, "pull", request.pull);
  put_if_any(target, "no-cache", request.no_cache);
  put_if_any(target, "no-cache-filter", build.no_cache_filter);
  put_if_any(target, "network", build.network);
  if (build.shm_size) target["shm-size"] = std::to_string(*build.shm_size);
  std::vector<std::string> limits;
  for (const auto& limit : request.ulimits)
    limits.push_back(base::text("{}={}:{}", limit.name, limit.soft, limit.hard));
  put_if_any(target, "ulimits", limits);
  auto entitlements = build.entitlements;
  if (build.privileged) entitlements.emplace_back("security.insecure");
  put_if_any(target, "entitlements", entitlements);
  std::map<std::string, std::string> hosts;
  for (const auto& [name, addresses] : build.extra_hosts) hosts[name] = base::join(addresses, ",");
  put_if_any(target, "extra-hosts", hosts);
  target["output"] = Json::array({push && !service.image.empty() ? "type=registry" : "type=docker"});
  return target;
}

}  // namespace

std::string bake_file(const model::Project& project, const std::vector<std::string>& names,
                      const BuildOptions& options, bool push) {
  Json targets = Json::object();
  Json group = Json::array();
  for (const auto& name : services_to_build(project, names)) {
    const auto found = project.services.find(name);
    const auto& service =
        found != project.services.end() ? found->second : project.disabled_services.at(name);
    targets[target_name(name)] = target_of(project, service, options, push);
    if (std::ranges::find(names, name) != names.end()) group.push_back(target_name(name));
  }
  return Json{{"group", {{"default", {{"targets", group}}}}}, {"target", targets}}.dump(2) + "\n";
}

}  // namespace compose::cli
