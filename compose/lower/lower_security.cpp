#include "compose/lower/service_lowering.hpp"

namespace compose::lower {

using base::text;

namespace {

// "host", "service:db", "container:name"; anything else is private.
rt::NamespaceSpec namespace_of(const std::string& mode) {
  if (mode == "host") return {rt::NamespaceMode::host, {}};
  if (mode.starts_with("service:") || mode.starts_with("container:"))
    return {rt::NamespaceMode::shared, rt::ContainerId{mode}};
  return {};
}

void lower_namespaces(const ServiceLowering& l) {
  const model::Service& s = l.service;
  rt::SecuritySpec& security = l.out.spec.security;
  security.network = namespace_of(s.network_mode);
  security.pid = namespace_of(s.pid);
  security.ipc = namespace_of(s.ipc);
  security.uts = namespace_of(s.uts);
  security.cgroup = namespace_of(s.cgroup);
  // An owner that others may join needs nothing special here; "none" would only leave out /dev/shm.
  if (s.ipc == "none") l.warn("`ipc: none` is treated as private");
  if (!s.userns_mode.empty() && s.userns_mode != "host")
    l.warn(text("`userns_mode: {}` is not available, ignoring", s.userns_mode));
  if (!s.cgroup_parent.empty()) l.warn("`cgroup_parent` is not available, ignoring");
}

void lower_option(const ServiceLowering& l, const std::string& option) {
  rt::SecuritySpec& security = l.out.spec.security;
  const auto separator = option.find_first_of("=:");
  const std::string name = option.substr(0, separator);
  const std::string value = separator == std::string::npos ? "" : option.substr(separator + 1);
  if (name == "no-new-privileges") {
    l.out.spec.process.no_new_privileges = value != "false";
  } else if (name == "seccomp" && value == "unconfined") {
    security.seccomp = rt::SeccompMode::unconfined;
  } else if (name == "seccomp" && value != "builtin") {
    l.warn(text("security_opt \"{}\": own seccomp profiles are not read, the default one stays", option));
  } else if (name == "systempaths" && value == "unconfined") {
    security.unconfined_paths = true;
  } else if (name != "seccomp" && name != "apparmor" && name != "label") {
    l.fail(text("invalid security_opt \"{}\"", option));
  }
}

void lower_devices(const ServiceLowering& l) {
  for (const model::DeviceMapping& device : l.service.devices) {
    if (!device.source.starts_with('/'))
      l.fail(text("device \"{}\": only device files of the host can be used", device.source));
    l.out.spec.security.devices.push_back(
        {.source = base::HostPath{device.source},
         .target = base::ContainerPath{device.target.empty() ? device.source : device.target},
         .access = device.permissions.empty() ? "rwm" : device.permissions});
  }
  l.out.spec.security.device_rules = l.service.device_cgroup_rules;
}

}  // namespace

void lower_security(const ServiceLowering& l) {
  rt::SecuritySpec& security = l.out.spec.security;
  lower_namespaces(l);
  security.privileged = l.service.privileged;
  if (security.privileged) security.seccomp = rt::SeccompMode::unconfined;
  for (const std::string& option : l.service.security_opt) lower_option(l, option);
  security.sysctls = l.service.sysctls;
  lower_devices(l);
  l.out.spec.rootfs.read_only = l.service.read_only;
}

}  // namespace compose::lower
