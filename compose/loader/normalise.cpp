// Phase: what the spec adds to a model that was read: the default network, full names, implicit dependencies.
#include "base/path.hpp"
#include "compose/loader/read_project.hpp"

namespace compose::loader {

namespace {

constexpr std::string_view k_service_prefix = "service:";

std::string text_before_colon(const std::string& text) {
  return text.substr(0, text.find(':'));
}

// An edge that the file does not spell out.
void add_edge(model::Service& service, const std::string& to, bool restart) {
  service.depends_on.try_emplace(to, model::Dependency{.restart = restart});
}

void add_shared_namespace(model::Service& service, const std::string& mode) {
  if (mode.starts_with(k_service_prefix)) add_edge(service, mode.substr(k_service_prefix.size()), true);
}

void add_implicit_dependencies(model::Service& service) {
  for (const auto& link : service.links) add_edge(service, text_before_colon(link), true);
  for (const auto* mode : {&service.network_mode, &service.ipc, &service.pid, &service.uts, &service.cgroup})
    add_shared_namespace(service, *mode);
  for (const auto& from : service.volumes_from)
    if (!from.starts_with("container:")) add_edge(service, text_before_colon(from), false);
}

void normalise_service(model::Project& project, model::Service& service) {
  if (service.networks.empty() && service.network_mode.empty() && !service.provider)
    service.networks.emplace("default", std::nullopt);
  if (service.networks.contains("default")) project.networks.try_emplace("default");
  if (service.pull_policy == "if_not_present") service.pull_policy = "missing";
  for (auto& mount : service.volumes)
    if (mount.target.starts_with('/')) mount.target = base::clean_path(mount.target);
  for (auto& hook : service.pre_start) {
    if (!hook.image.empty()) continue;
    hook.image = service.image.empty()
                     ? base::text("{}{}{}", project.name, project.name_separator, service.name)
                     : service.image;
  }
  if (service.build && service.build->dockerfile.empty() && service.build->dockerfile_inline.empty())
    service.build->dockerfile = "Dockerfile";
  add_implicit_dependencies(service);
}

template <class Members>
void complete_names(const std::string& project, Members& members) {
  for (auto& [key, member] : members)
    if (member.name.empty()) member.name = member.external ? key : project + "_" + key;
}

}  // namespace

void normalise(model::Project& project) {
  for (auto& [name, service] : project.services) normalise_service(project, service);
  complete_names(project.name, project.networks);
  complete_names(project.name, project.volumes);
  complete_names(project.name, project.configs);
  complete_names(project.name, project.secrets);
}

}  // namespace compose::loader
