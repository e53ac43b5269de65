// Phase: profiles, and the services that a command is about.
#include <algorithm>
#include <fnmatch.h>
#include <set>

#include "compose/loader/read_project.hpp"

namespace compose::loader {

namespace {

std::vector<std::string> active_profiles(const model::Project& project, const LoadOptions& options) {
  if (options.all_services) return {"*"};
  if (!options.profiles.empty()) return options.profiles;
  std::vector<std::string> active;
  const auto found = project.environment.find("COMPOSE_PROFILES");
  std::string_view rest = found == project.environment.end() ? std::string_view{} : found->second;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    auto profile = rest.substr(0, comma);
    while (profile.starts_with(' ')) profile.remove_prefix(1);
    while (profile.ends_with(' ')) profile.remove_suffix(1);
    if (!profile.empty()) active.emplace_back(profile);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return active;
}

bool matches(const std::string& pattern, const std::string& name) {
  return pattern == name || ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool is_enabled(const model::Service& service, const std::vector<std::string>& profiles) {
  if (service.profiles.empty()) return true;
  return std::ranges::any_of(profiles, [&](const std::string& active) {
    return active == "*" || std::ranges::find(service.profiles, active) != service.profiles.end();
  });
}

std::vector<std::string> names_matching(const model::Project& project, const std::string& pattern) {
  std::vector<std::string> names;
  for (const auto& [name, service] : project.services)
    if (matches(pattern, name)) names.push_back(name);
  return names;
}

void move_disabled(model::Project& project, const std::string& name) {
  auto node = project.services.extract(name);
  if (node) project.disabled_services.insert(std::move(node));
}

std::string unknown_service(const model::Project& project, const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [known, service] : project.services) names.push_back(known);
  return base::text("no such service: {}{}", name, suggestion(name, names));
}

void collect_with_dependencies(const model::Project& project, const std::string& name,
                               std::set<std::string>& kept) {
  std::vector<std::string> open{name};
  while (!open.empty()) {
    auto next = std::move(open.back());
    open.pop_back();
    const auto service = project.services.find(next);
    if (service == project.services.end() || !kept.insert(std::move(next)).second) continue;
    for (const auto& [dependency, edge] : service->second.depends_on) open.push_back(dependency);
  }
}

template <class Members>
void keep_only(Members& members, const std::set<std::string>& used) {
  std::erase_if(members, [&](const auto& member) { return !used.contains(member.first); });
}

}  // namespace

void apply_profiles(model::Project& project, const LoadOptions& options) {
  project.profiles = active_profiles(project, options);
  std::set<std::string> named;
  for (const auto& pattern : options.services) {
    for (const auto& name : names_matching(project, pattern)) {
      named.insert(name);
      for (const auto& profile : project.services.at(name).profiles)
        if (std::ranges::find(project.profiles, profile) == project.profiles.end())
          project.profiles.push_back(profile);
    }
  }
  std::vector<std::string> disabled;
  for (const auto& [name, service] : project.services)
    if (!is_enabled(service, project.profiles) && !named.contains(name)) disabled.push_back(name);
  for (const auto& name : disabled) move_disabled(project, name);
  for (auto& [name, service] : project.services) {
    std::erase_if(service.depends_on, [&](const auto& edge) {
      return !edge.second.required && !project.services.contains(edge.first);
    });
  }
}

void select_services(model::Project& project, const LoadOptions& options) {
  if (options.services.empty()) return;
  std::set<std::string> kept;
  for (const auto& pattern : options.services) {
    const auto names = names_matching(project, pattern);
    if (names.empty()) throw base::Error(unknown_service(project, pattern));
    for (const auto& name : names) {
      if (options.with_dependencies)
        collect_with_dependencies(project, name, kept);
      else
        kept.insert(name);
    }
  }
  std::vector<std::string> others;
  for (const auto& [name, service] : project.services)
    if (!kept.contains(name)) others.push_back(name);
  for (const auto& name : others) move_disabled(project, name);
}

void drop_unused_resources(model::Project& project) {
  std::set<std::string> networks, volumes, secrets, configs, models;
  for (const auto& [name, service] : project.services) {
    for (const auto& [network, settings] : service.networks) networks.insert(network);
    for (const auto& mount : service.volumes)
      if (mount.type == model::MountType::volume && !mount.source.empty()) volumes.insert(mount.source);
    for (const auto& grant : service.secrets) secrets.insert(grant.source);
    for (const auto& grant : service.configs) configs.insert(grant.source);
    for (const auto& [model, binding] : service.models) models.insert(model);
    if (service.build)
      for (const auto& grant : service.build->secrets) secrets.insert(grant.source);
  }
  keep_only(project.networks, networks);
  keep_only(project.volumes, volumes);
  keep_only(project.secrets, secrets);
  keep_only(project.configs, configs);
  keep_only(project.models, models);
}

}  // namespace compose::loader
