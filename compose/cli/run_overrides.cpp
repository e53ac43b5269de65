#include "compose/cli/run_overrides.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/path.hpp"
#include "compose/loader/short_syntax.hpp"

namespace compose::cli {
namespace {

void set_environment(model::Service& service, const model::Project& project, const std::string& entry) {
  const auto equals = entry.find('=');
  if (equals != std::string::npos) {
    service.environment[entry.substr(0, equals)] = entry.substr(equals + 1);
    return;
  }
  const auto found = project.environment.find(entry);
  service.environment[entry] =
      found == project.environment.end() ? std::nullopt : std::optional{found->second};
}

model::Mount mount_of(model::Project& project, const std::string& spec,
                      const std::string& current_directory) {
  const auto parsed =
      base::with_context(base::text("--volume \"{}\"", spec), [&] { return loader::parse_mount(spec); });
  model::Mount mount{.source = parsed.source, .target = parsed.target, .read_only = parsed.read_only};
  if (parsed.type == "bind") {
    mount.type = model::MountType::bind;
    mount.source = base::absolute_path(parsed.source, current_directory);
    mount.bind = model::BindOptions{.propagation = parsed.propagation, .create_host_path = true};
  } else if (!parsed.source.empty() && !project.volumes.contains(parsed.source)) {
    project.volumes[parsed.source] = {.name = project.name + "_" + parsed.source};
  }
  return mount;
}

void set_ports(model::Service& service, const RunOverrides& o) {
  if (!o.service_ports) service.ports.clear();
  for (const auto& spec : o.publish) {
    const auto bindings =
        base::with_context(base::text("--publish \"{}\"", spec), [&] { return loader::parse_port(spec); });
    for (const auto& b : bindings)
      service.ports.push_back({.mode = "ingress",
                               .host_ip = b.host_ip,
                               .target = b.target,
                               .published = b.published,
                               .protocol = b.protocol.empty() ? "tcp" : b.protocol});
  }
}

}  // namespace

void apply_overrides(model::Project& project, const std::string& name, const RunOverrides& o) {
  auto& service = project.services.at(name);
  if (o.entrypoint) {
    service.entrypoint = loader::split_words(*o.entrypoint).words;
    service.command = model::Strings{};
  }
  if (!o.command.empty()) service.command = o.command;
  for (const auto& entry : o.environment) set_environment(service, project, entry);
  for (const auto& label : o.labels) {
    const auto equals = label.find('=');
    service.labels[label.substr(0, equals)] = equals == std::string::npos ? "" : label.substr(equals + 1);
  }
  for (const auto& spec : o.volumes) {
    const auto mount = mount_of(project, spec, o.current_directory);
    std::erase_if(service.volumes, [&](const auto& m) { return m.target == mount.target; });
    service.volumes.push_back(mount);
  }
  set_ports(service, o);
  service.cap_add.insert(service.cap_add.end(), o.cap_add.begin(), o.cap_add.end());
  service.cap_drop.insert(service.cap_drop.end(), o.cap_drop.begin(), o.cap_drop.end());
  if (!o.user.empty()) service.user = o.user;
  if (!o.directory.empty()) service.working_dir = o.directory;
  service.tty = o.terminal;
  service.stdin_open = o.stdin_open;
  service.restart = "no";
  if (service.deploy) service.deploy->restart_policy.reset();
  service.container_name.clear();
  service.scale = 1;
}

}  // namespace compose::cli
