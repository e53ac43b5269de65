#include "compose/adapters/new_container.hpp"

#include <algorithm>
#include <unistd.h>

#include <climits>

#include "base/error.hpp"

namespace compose::adapters {
namespace {

constexpr std::string_view k_label = "com.docker.compose.";

const sched::DesiredVolume& desired_volume(const sched::DesiredState& desired, const std::string& key) {
  const auto found = std::ranges::find(desired.volumes, key, &sched::DesiredVolume::key);
  if (found == desired.volumes.end()) base::fail("undefined volume \"{}\"", key);
  return *found;
}

std::map<std::string, std::string> labels_of(const NewContainerInput& in) {
  auto labels = in.service.labels;
  labels[std::string{k_label} + "oneoff"] = in.one_off ? "True" : "False";
  if (!in.one_off) labels[std::string{k_label} + "container-number"] = base::text("{}", in.number);
  return labels;
}

// Mounts of volumes: named ones by their key, anonymous ones taken over by target or new.
void mount_volumes(NewContainer& made, const NewContainerInput& in) {
  for (const auto& use : in.service.volumes) {
    std::string name;
    base::HostPath source;
    if (use.volume.empty()) {
      const auto inherited = std::ranges::find(in.inherited, use.target, &MountedVolume::target);
      name = inherited != in.inherited.end() ? inherited->volume : base::random_hex(32);
      source = in.paths.volume_data(name);
      made.anonymous_volumes.push_back(
          {.name = name, .project = in.desired.project, .owner = made.record.id, .created_at = in.now});
    } else {
      const auto& volume = desired_volume(in.desired, use.volume);
      name = volume.name;
      source = data_of_volume(in.paths, name, volume.driver_opts);
    }
    made.record.summary.volumes.push_back({name, use.target, use.volume.empty()});
    made.spec.mounts.push_back(rt::BindMount{.source = source,
                                             .target = rt::ContainerPath{use.target},
                                             .read_only = use.read_only,
                                             .copy_up = use.copy_up,
                                             .inside = use.subpath});
  }
}

bool has_mount_at(const rt::ContainerSpec& spec, const std::string& target) {
  return std::ranges::any_of(spec.mounts, [&](const rt::Mount& mount) {
    return std::visit([&](const auto& m) { return m.target.str() == target; }, mount);
  });
}

const rt::ContainerSpec& peer(const NewContainerInput& in, const std::string& service,
                              std::string_view what) {
  for (const auto& [name, spec] : in.peers)
    if (name == service) return spec;
  base::fail("cannot share {} with service {}: container missing", what, service);
}

void take_volumes_from_others(NewContainer& made, const NewContainerInput& in) {
  for (const auto& from : in.service.volumes_from) {
    const rt::ContainerSpec other =
        from.service.empty() ? in.spec_of_named(from.container) : peer(in, from.service, "volume");
    for (auto mount : other.mounts) {
      auto* bind = std::get_if<rt::BindMount>(&mount);
      if (bind == nullptr || has_mount_at(made.spec, bind->target.str())) continue;
      bind->read_only = bind->read_only || from.read_only;
      made.spec.mounts.push_back(*bind);
    }
  }
}

// "service:NAME" and "container:NAME" become the id of the container whose namespace is joined.
void resolve_namespace(rt::NamespaceSpec& ns, NewContainer& made, const NewContainerInput& in,
                       std::string_view what) {
  if (ns.mode != rt::NamespaceMode::shared) return;
  const std::string name = ns.container.str();
  if (name.starts_with("service:"))
    ns.container = peer(in, name.substr(8), what).id;
  else if (name.starts_with("container:"))
    ns.container = in.spec_of_named(name.substr(10)).id;
  made.record.summary.joins.push_back(ns.container.str());
}

void resolve_namespaces(NewContainer& made, const NewContainerInput& in) {
  auto& security = made.spec.security;
  resolve_namespace(security.network, made, in, "network namespace");
  resolve_namespace(security.pid, made, in, "PID namespace");
  resolve_namespace(security.ipc, made, in, "IPC namespace");
  resolve_namespace(security.uts, made, in, "UTS namespace");
}

ContainerSummary summary_of(const NewContainerInput& in) {
  ContainerSummary summary;
  summary.command = base::command_line(in.service.spec.process.argv);
  summary.wishes = port_wishes(in.service);
  summary.exposed = in.service.exposed;
  for (const auto& attachment : in.service.attachments)
    summary.networks.push_back(network_name(in.desired, attachment.network));
  summary.stop_grace = in.service.spec.stop_grace;
  if (sched::ServiceHooks hooks{in.service.post_start, in.service.pre_stop}; !hooks.empty())
    summary.hooks = std::move(hooks);
  return summary;
}

// Who has the host's network is known there by the host's name.
std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  base::check(::gethostname(name, sizeof name - 1), "ask for the host's name");
  return name;
}

}  // namespace

std::vector<PortWish> port_wishes(const sched::DesiredService& service) {
  std::vector<PortWish> wishes;
  for (const auto& port : service.ports)
    wishes.push_back(
        {port.protocol, port.host_address, port.published_first, port.published_last, port.target});
  return wishes;
}

const std::string& network_name(const sched::DesiredState& desired, const std::string& key) {
  const auto found = std::ranges::find(desired.networks, key, &sched::DesiredNetwork::key);
  if (found == desired.networks.end()) base::fail("undefined network \"{}\"", key);
  return found->spec.name;
}

base::HostPath data_of_volume(const Paths& paths, const std::string& name,
                              const std::map<std::string, std::string>& driver_opts) {
  const auto options = driver_opts.find("o");
  const auto device = driver_opts.find("device");
  const bool bind = options != driver_opts.end() && device != driver_opts.end() &&
                    ("," + options->second + ",").find("bind,") != std::string::npos;
  return bind ? base::HostPath{device->second} : paths.volume_data(name);
}

NewContainer make_container(const NewContainerInput& in) {
  NewContainer made;
  const ContainerId id{base::random_hex(32)};
  made.record = {.id = id,
                 .name = in.name,
                 .project = in.desired.project,
                 .service = in.service.name,
                 .number = in.number,
                 .one_off = in.one_off,
                 .phase = Phase::creating,
                 .config_hash = in.service.config_hash,
                 .image = in.service.image,
                 .image_id = in.service.image_id,
                 .created_at = in.now,
                 .summary = summary_of(in),
                 .labels = labels_of(in)};
  made.config = in.service.config;
  made.spec = in.service.spec;
  made.spec.id = id;
  made.spec.name = in.name;
  made.spec.project = in.desired.project;
  if (made.spec.hostname.empty())
    made.spec.hostname =
        made.spec.security.network.mode == rt::NamespaceMode::host ? host_name() : id.short_form();
  const auto directory = in.paths.runtime().container_directory(id);
  made.spec.rootfs.lower = in.layers;
  made.spec.rootfs.upper = directory / "upper";
  made.spec.rootfs.work = directory / "work";
  resolve_namespaces(made, in);
  mount_volumes(made, in);
  take_volumes_from_others(made, in);
  return made;
}

std::vector<net::AttachmentSpec> named_attachments(const sched::DesiredState& desired,
                                                   const sched::DesiredService& service) {
  auto attachments = service.attachments;
  for (auto& attachment : attachments) attachment.network = network_name(desired, attachment.network);
  return attachments;
}

void set_endpoints(rt::ContainerSpec& spec, const std::string& service,
                   const std::vector<net::AttachmentSpec>& attachments, const std::vector<net::Lease>& leases,
                   const std::function<base::HostPath(const net::NetworkId&)>& table_of) {
  spec.endpoints.clear();
  for (const auto& lease : leases) {
    rt::EndpointSpec endpoint;
    endpoint.network = lease.network_name;
    endpoint.names_table = table_of(lease.network);
    endpoint.ipv4 = lease.ipv4;
    endpoint.ipv6 = lease.ipv6;
    endpoint.internal = lease.internal;
    endpoint.own_names = {spec.name, spec.id.short_form()};
    if (spec.hostname != spec.id.short_form()) endpoint.own_names.push_back(spec.hostname);
    const auto attachment = std::ranges::find(attachments, lease.network_name, &net::AttachmentSpec::network);
    if (!service.empty() && attachment != attachments.end()) {
      endpoint.group_names = attachment->aliases;
      if (std::ranges::find(endpoint.group_names, service) == endpoint.group_names.end())
        endpoint.group_names.insert(endpoint.group_names.begin(), service);
    }
    spec.endpoints.push_back(std::move(endpoint));
  }
}

void name_host_gateway(rt::ContainerSpec& spec, const std::vector<net::Lease>& leases) {
  const auto outside = std::ranges::find(leases, false, &net::Lease::internal);
  for (auto& [name, address] : spec.dns.extra_hosts) {
    if (address != "host-gateway") continue;
    if (spec.security.network.mode == rt::NamespaceMode::host)
      address = "127.0.0.1";
    else if (outside == leases.end())
      base::fail("extra_hosts: \"{}:host-gateway\": the container is on no network that leads to the host",
                 name);
    else
      address = outside->ipv4.empty() ? outside->ipv6_gateway : outside->ipv4_gateway;
  }
}

}  // namespace compose::adapters
