// Phase: what one part of the model says of another; for enabled services.
#include <algorithm>
#include <set>

#include "compose/loader/read_project.hpp"

namespace compose::loader {

namespace {

class ReferenceCheck {
 public:
  ReferenceCheck(const model::Project& project, const Node& tree, Diagnostics& diagnostics)
      : project_(project), tree_(tree), diagnostics_(diagnostics) {}

  void service(const model::Service& service) {
    source(service);
    build(service);
    networks(service);
    dependencies(service);
    mounts(service);
    grants(service);
    health(service);
    twins(service);
    names(service);
    targets(service);
  }

  void cycles() {
    const auto cycle = find_dependency_cycle(project_);
    if (cycle.empty()) return;
    const auto first = cycle.substr(0, cycle.find(' '));
    fail({"services", first, "depends_on"}, "dependency cycle detected: " + cycle);
  }

 private:
  void fail(std::initializer_list<std::string_view> path, std::string message) {
    if (!diagnostics_.full()) diagnostics_.error(mark_of(tree_, path), std::move(message));
  }

  template <class Members>
  void refers(const model::Service& service, std::string_view attribute, const std::string& key,
              std::string_view what, const Members& members) {
    if (members.contains(key) || diagnostics_.full()) return;
    std::vector<std::string_view> known;
    for (const auto& [name, member] : members) known.push_back(name);
    fail({"services", service.name, attribute, key},
         base::text("service \"{}\" refers to undefined {} {}{}", service.name, what, key,
                    suggestion(key, known)));
  }

  void source(const model::Service& service) {
    if (service.image.empty() && !service.build && !service.provider)
      fail({"services", service.name},
           base::text("service \"{}\" has neither an image nor a build context specified", service.name));
  }

  void build(const model::Service& service) {
    if (!service.build) return;
    const auto& build = *service.build;
    if (!build.dockerfile.empty() && !build.dockerfile_inline.empty())
      fail({"services", service.name, "build", "dockerfile_inline"},
           base::text("service \"{}\" declares mutually exclusive dockerfile and dockerfile_inline",
                      service.name));
    for (const auto& [name, context] : build.additional_contexts) {
      if (!context.starts_with("service:")) continue;
      const auto target = project_.services.find(context.substr(8));
      if (target == project_.services.end() || !target->second.build)
        fail({"services", service.name, "build", "additional_contexts", name},
             base::text("service \"{}\" declares unknown service \"{}\" as additional contexts {}",
                        service.name, context.substr(8), name));
    }
    for (const auto& grant : build.secrets)
      refers(service, "build", grant.source, "build secret", project_.secrets);
    if (!service.platform.empty() && !build.platforms.empty() &&
        std::ranges::find(build.platforms, service.platform) == build.platforms.end())
      fail({"services", service.name, "build", "platforms"},
           base::text("service.build.platforms MUST include service.platform \"{}\"", service.platform));
  }

  void networks(const model::Service& service) {
    if (!service.network_mode.empty() && !service.networks.empty())
      fail({"services", service.name, "network_mode"},
           base::text("service {} declares mutually exclusive `network_mode` and `networks`", service.name));
    for (const auto& [key, settings] : service.networks)
      refers(service, "networks", key, "network", project_.networks);
    for (const auto& [key, binding] : service.models)
      refers(service, "models", key, "model", project_.models);
  }

  void dependencies(const model::Service& service) {
    for (const auto& [target, edge] : service.depends_on) {
      if (project_.services.contains(target) || !edge.required || diagnostics_.full()) continue;
      const auto disabled = project_.disabled_services.find(target);
      std::vector<std::string_view> known;
      for (const auto& [name, other] : project_.services) known.push_back(name);
      const auto hint =
          disabled == project_.disabled_services.end()
              ? suggestion(target, known)
              : base::text(", it is in the inactive profile '{}'",
                           disabled->second.profiles.empty() ? "" : disabled->second.profiles.front());
      const auto [mark, key] = place_of_edge(service, target);
      diagnostics_.error(
          mark, base::text("service \"{}\" {} undefined service \"{}\"{}", service.name,
                           key == "depends_on" ? "depends on" : base::text("refers in '{}' to", key), target,
                           hint));
    }
  }

  // Where the file says that the service needs `target`, and the key.
  [[nodiscard]] std::pair<Mark, std::string_view> place_of_edge(const model::Service& service,
                                                                const std::string& target) const {
    const auto at = [&](std::string_view key,
                        std::string_view inner = {}) -> std::pair<Mark, std::string_view> {
      return {mark_of(tree_, {"services", service.name, key, inner}), key};
    };
    if (tree_.find_path({"services", service.name, "depends_on", target})) return at("depends_on", target);
    const std::pair<std::string_view, const std::string*> modes[] = {{"network_mode", &service.network_mode},
                                                                     {"ipc", &service.ipc},
                                                                     {"pid", &service.pid},
                                                                     {"uts", &service.uts},
                                                                     {"cgroup", &service.cgroup}};
    for (const auto& [key, mode] : modes)
      if (*mode == "service:" + target) return at(key);
    const std::pair<std::string_view, const model::Strings*> lists[] = {
        {"links", &service.links}, {"volumes_from", &service.volumes_from}};
    for (const auto& [key, list] : lists)
      for (std::size_t i = 0; i < list->size(); ++i)
        if ((*list)[i].substr(0, (*list)[i].find(':')) == target) return at(key, std::to_string(i));
    return at("depends_on");
  }

  void mounts(const model::Service& service) {
    for (std::size_t i = 0; i < service.volumes.size(); ++i) {
      const auto& mount = service.volumes[i];
      const auto index = std::to_string(i);
      if (mount.type == model::MountType::volume && !mount.source.empty() &&
          !project_.volumes.contains(mount.source) && !diagnostics_.full()) {
        std::vector<std::string_view> known;
        for (const auto& [name, volume] : project_.volumes) known.push_back(name);
        fail({"services", service.name, "volumes", index},
             base::text("service \"{}\" refers to undefined volume {}{}", service.name, mount.source,
                        suggestion(mount.source, known)));
      }
      if (mount.type == model::MountType::bind && mount.source.empty())
        fail({"services", service.name, "volumes", index},
             "invalid mount config for type \"bind\": field Source must not be empty");
    }
  }

  void grants(const model::Service& service) {
    for (const auto& grant : service.configs)
      refers(service, "configs", grant.source, "config", project_.configs);
    for (const auto& grant : service.secrets)
      refers(service, "secrets", grant.source, "secret", project_.secrets);
  }

  void health(const model::Service& service) {
    if (!service.healthcheck || !service.healthcheck->test || service.healthcheck->test->empty()) return;
    const auto& first = service.healthcheck->test->front();
    if (first != "CMD" && first != "CMD-SHELL" && first != "NONE")
      fail({"services", service.name, "healthcheck", "test"},
           base::text("services.{}: healthcheck.test must start either by \"CMD\", \"CMD-SHELL\" or \"NONE\"",
                      service.name));
  }

  // Attributes that say the same thing in two places.
  template <class T>
  void twin(const model::Service& service, std::string_view attribute, const std::optional<T>& value,
            std::string_view in_deploy, const std::optional<T>& deployed) {
    if (!value || !deployed || *value == *deployed || *value == T{} || *deployed == T{}) return;
    fail({"services", service.name, attribute},
         base::text("services.{}: can't set distinct values on '{}' and 'deploy.{}'", service.name, attribute,
                    in_deploy));
  }

  void twins(const model::Service& service) {
    if (!service.deploy) return;
    const auto& deploy = *service.deploy;
    if (service.scale && deploy.replicas && *service.scale != *deploy.replicas)
      fail({"services", service.name, "scale"},
           base::text("services.{}: can't set distinct values on 'scale' and 'deploy.replicas'",
                      service.name));
    if (const auto& limits = deploy.resources.limits) {
      twin(service, "mem_limit", service.mem_limit, "resources.limits.memory", limits->memory);
      twin(service, "cpus", service.cpus, "resources.limits.cpus", limits->cpus);
      twin(service, "pids_limit", service.pids_limit, "resources.limits.pids", limits->pids);
    }
    if (const auto& reserved = deploy.resources.reservations)
      twin(service, "mem_reservation", service.mem_reservation, "resources.reservations.memory",
           reserved->memory);
  }

  void names(const model::Service& service) {
    if (service.container_name.empty()) return;
    if (service.replicas() > 1)
      fail(
          {"services", service.name, "container_name"},
          base::text("services.{}: can't set container_name and scale {}, as a container name must be unique",
                     service.name, service.replicas()));
    const auto [other, fresh] = container_names_.emplace(service.container_name, service.name);
    if (!fresh)
      fail({"services", service.name, "container_name"},
           base::text("services.{}: container name \"{}\" is already in use by service \"{}\"", service.name,
                      service.container_name, other->second));
  }

  // No two mounts on one target.
  void targets(const model::Service& service) {
    std::map<std::string, std::string> mounted;
    const auto mount = [&](std::string target, const std::string& where, std::string_view attribute,
                           std::size_t i) {
      if (target.size() > 1 && target.ends_with('/')) target.pop_back();
      const auto [earlier, fresh] = mounted.emplace(target, where);
      if (!fresh)
        fail({"services", service.name, attribute, std::to_string(i)},
             base::text("{}: target {} already mounted as {}", where, target, earlier->second));
    };
    const auto each = [&](const auto& list, std::string_view attribute, auto&& target_of) {
      for (std::size_t i = 0; i < list.size(); ++i)
        mount(target_of(list[i]), base::text("services.{}.{}[{}]", service.name, attribute, i), attribute, i);
    };
    each(service.volumes, "volumes", [](const model::Mount& m) { return m.target; });
    each(service.tmpfs, "tmpfs", [](const std::string& text) { return text.substr(0, text.find(':')); });
    each(service.configs, "configs",
         [](const model::FileGrant& g) { return g.target.empty() ? "/" + g.source : g.target; });
    each(service.secrets, "secrets", [](const model::FileGrant& g) {
      if (g.target.empty()) return "/run/secrets/" + g.source;
      return g.target.starts_with('/') ? g.target : "/run/secrets/" + g.target;
    });
  }

  const model::Project& project_;
  const Node& tree_;
  Diagnostics& diagnostics_;
  std::map<std::string, std::string> container_names_;
};

}  // namespace

void check_references(const model::Project& project, const Node& tree, Diagnostics& diagnostics) {
  ReferenceCheck check(project, tree, diagnostics);
  for (const auto& [name, service] : project.services) check.service(service);
  check.cycles();
}

}  // namespace compose::loader
