#include "compose/lower/lower_project.hpp"

#include <algorithm>
#include <limits>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "compose/lower/service_lowering.hpp"

namespace compose::lower {

using base::text;

namespace {

constexpr const char* k_label = "com.docker.compose.";

std::string_view condition_word(sched::Condition condition) {
  switch (condition) {
    case sched::Condition::started:
      return "service_started";
    case sched::Condition::healthy:
      return "service_healthy";
    case sched::Condition::completed_successfully:
      return "service_completed_successfully";
  }
  return {};
}

bool shares_with(const model::Service& service, const std::string& other) {
  for (const std::string* mode : {&service.network_mode, &service.pid, &service.ipc, &service.uts})
    if (*mode == "service:" + other) return true;
  return std::ranges::any_of(service.volumes_from, [&](const std::string& from) {
    return from == other || from.starts_with(other + ":");
  });
}

std::vector<sched::Dependency> dependencies_of(const model::Service& service) {
  std::vector<sched::Dependency> result;
  for (const auto& [name, edge] : service.depends_on) {
    result.push_back({.service = name,
                      .condition = static_cast<sched::Condition>(edge.condition),
                      .required = edge.required,
                      .restart = edge.restart,
                      .shares_namespace = shares_with(service, name)});
  }
  return result;
}
static_assert(static_cast<int>(model::DependencyCondition::healthy) ==
                  static_cast<int>(sched::Condition::healthy) &&
              static_cast<int>(model::DependencyCondition::completed_successfully) ==
                  static_cast<int>(sched::Condition::completed_successfully));

std::string depends_on_label(const std::vector<sched::Dependency>& dependencies) {
  std::vector<std::string> items;
  for (const sched::Dependency& d : dependencies)
    items.push_back(text("{}:{}:{}", d.service, condition_word(d.condition), d.restart));
  return base::join(items, ",");
}

// The labels by which everything without a compose file finds what belongs together.
void add_labels(const model::Project& project, sched::DesiredService& service) {
  auto& labels = service.labels;
  const auto set = [&](const char* name, std::string value) {
    labels[std::string{k_label} + name] = std::move(value);
  };
  set("project", project.name);
  set("service", service.name);
  set("version", COMPOSE_VERSION);
  set("project.working_dir", project.working_directory);
  set("project.config_files", base::join(project.config_files, ","));
  if (!project.environment_files.empty())
    set("project.environment_file", base::join(project.environment_files, ","));
  set("config-hash", service.config_hash);
  set("depends_on", depends_on_label(service.dependencies));
  set("image", service.image_id);
}

sched::Labels resource_labels(const model::Project& project, sched::Labels labels, const char* kind,
                              const std::string& key, const std::string& hash) {
  labels[std::string{k_label} + kind] = key;
  labels[std::string{k_label} + "project"] = project.name;
  labels[std::string{k_label} + "version"] = COMPOSE_VERSION;
  labels[std::string{k_label} + "config-hash"] = hash;
  return labels;
}

// What `config --hash` shows; with contents of configs and secrets, which are not in the service itself, a
// digest of both.
std::string config_hash(const std::string& of_model, const rt::ContainerSpec& spec) {
  std::string contents;
  for (const rt::Mount& mount : spec.mounts)
    if (const auto* file = std::get_if<rt::FileMount>(&mount)) contents += base::sha256_hex(file->content);
  return contents.empty() ? of_model : base::sha256_hex(of_model + contents);
}

std::uint32_t replicas_of(const LowerInput& input, const model::Service& service) {
  const auto asked = input.scale.find(service.name);
  if (asked != input.scale.end()) return asked->second;
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(service.replicas(), 0, std::numeric_limits<std::int32_t>::max()));
}

sched::DesiredService lower_service(const LowerInput& input, const model::Service& service,
                                    std::vector<std::string>& warnings) {
  const auto image = input.images.find(service.name);
  if (image == input.images.end()) base::fail("its image is not known");
  sched::DesiredService out;
  const ServiceLowering l{input.project, service, image->second, out, warnings};
  if (service.provider) l.fail("providers are not available");
  out.name = service.name;
  out.replicas = replicas_of(input, service);
  out.dependencies = dependencies_of(service);
  out.image = image_of(input.project, service);
  out.image_id = image->second.id;
  if (!service.container_name.empty()) out.container_name = service.container_name;
  if (out.container_name && out.replicas > 1)
    l.fail(text("the container name \"{}\" allows one container, not {}", *out.container_name, out.replicas));
  lower_process(l);
  lower_mounts(l);
  lower_security(l);
  lower_life(l);
  lower_network(l);
  out.labels = image->second.labels;
  for (const auto& [name, value] : service.labels) out.labels[name] = value;
  out.config = config_text(out);
  out.config_hash = config_hash(input.hashes.service(service), out.spec);
  add_labels(input.project, out);
  return out;
}

sched::DesiredNetwork lower_network(const LowerInput& input, const std::string& key,
                                    const model::Network& network) {
  sched::DesiredNetwork out{
      .key = key, .external = network.external, .config_hash = input.hashes.network(network)};
  out.spec.name = network.name;
  if (!network.driver.empty()) out.spec.driver = network.driver;
  out.spec.internal = network.internal;
  out.spec.enable_ipv4 = network.enable_ipv4.value_or(true);
  out.spec.enable_ipv6 = network.enable_ipv6.value_or(false);
  for (const model::AddressPool& pool : network.ipam.config)
    out.spec.pools.push_back({.subnet = pool.subnet, .gateway = pool.gateway, .ip_range = pool.ip_range});
  out.spec.options = network.driver_opts;
  out.labels = resource_labels(input.project, network.labels, "network", key, out.config_hash);
  return out;
}

sched::DesiredVolume lower_volume(const LowerInput& input, const std::string& key,
                                  const model::Volume& volume) {
  sched::DesiredVolume out{.key = key,
                           .name = volume.name,
                           .external = volume.external,
                           .driver = volume.driver.empty() ? "local" : volume.driver,
                           .driver_opts = volume.driver_opts,
                           .config_hash = input.hashes.volume(volume)};
  out.labels = resource_labels(input.project, volume.labels, "volume", key, out.config_hash);
  return out;
}

// links: ["db:database"] gives db a second name. It is known to everybody on its networks, not to the linking
// one alone.
void add_link_aliases(const model::Project& project, sched::DesiredState& state) {
  for (const auto& [name, service] : project.services) {
    for (const std::string& link : service.links) {
      const auto colon = link.find(':');
      if (colon == std::string::npos) continue;
      const std::string alias = link.substr(colon + 1);
      const auto target =
          std::ranges::find(state.services, link.substr(0, colon), &sched::DesiredService::name);
      if (target == state.services.end()) continue;
      for (net::AttachmentSpec& a : target->attachments)
        if (std::ranges::find(a.aliases, alias) == a.aliases.end()) a.aliases.push_back(alias);
    }
  }
}

// `network_mode: bridge` uses the default network, which the file need not have.
void add_default_network(const LowerInput& input, sched::DesiredState& state) {
  const bool used = std::ranges::any_of(state.services, [](const sched::DesiredService& s) {
    return std::ranges::any_of(s.attachments,
                               [](const net::AttachmentSpec& a) { return a.network == "default"; });
  });
  if (!used || input.project.networks.contains("default")) return;
  model::Network network;
  network.name = input.project.name + "_default";
  state.networks.push_back(lower_network(input, "default", network));
}

}  // namespace

Lowered lower_project(const LowerInput& input) {
  Lowered out;
  sched::DesiredState& state = out.state;
  const model::Project& project = input.project;
  state.project = project.name;
  state.name_separator = project.name_separator;
  for (const auto& [name, service] : project.services) {
    state.known_services.push_back(name);
    base::with_context(text("service \"{}\"", name),
                       [&] { state.services.push_back(lower_service(input, service, out.warnings)); });
  }
  for (const auto& [name, service] : project.disabled_services) state.known_services.push_back(name);
  for (const auto& [name, count] : input.scale)
    if (!project.services.contains(name)) base::fail("no such service: {}", name);
  for (const auto& [key, network] : project.networks)
    state.networks.push_back(lower_network(input, key, network));
  for (const auto& [key, volume] : project.volumes) state.volumes.push_back(lower_volume(input, key, volume));
  add_default_network(input, state);
  add_link_aliases(project, state);
  return out;
}

std::string image_of(const model::Project& project, const model::Service& service) {
  if (!service.image.empty()) return service.image;
  return text("{}{}{}", project.name, project.name_separator, service.name);
}

std::vector<sched::ServiceNode> service_nodes(const model::Project& project) {
  std::vector<sched::ServiceNode> nodes;
  for (const auto& [name, service] : project.services) nodes.push_back({name, dependencies_of(service)});
  return nodes;
}

}  // namespace compose::lower
