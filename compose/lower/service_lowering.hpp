#pragma once
// Internal to lowering: one service on its way to a DesiredService, and the functions that each fill a part
// of it.
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "compose/lower/image_facts.hpp"
#include "compose/model/project.hpp"
#include "scheduler/desired_state.hpp"

namespace compose::lower {

struct ServiceLowering {
  const model::Project& project;
  const model::Service& service;
  const ImageFacts& image;
  sched::DesiredService& out;
  std::vector<std::string>& warnings;

  void warn(const std::string& what) const {
    warnings.push_back(base::text("service \"{}\": {}", service.name, what));
  }
  // The name of the service is put in front where all parts come together.
  [[noreturn]] static void fail(const std::string& what) { throw base::Error(what); }
};

// lower_process.cpp: arguments, environment, user, capabilities, limits of the process, terminal
void lower_process(const ServiceLowering& l);
// lower_mounts.cpp: volumes, tmpfs, configs, secrets, volumes of the image, volumes_from
void lower_mounts(const ServiceLowering& l);
// lower_security.cpp: namespaces, security_opt, sysctls, devices
void lower_security(const ServiceLowering& l);
// lower_life.cpp: resources, restart policy, health check, log, how to stop
void lower_life(const ServiceLowering& l);
[[nodiscard]] std::vector<sched::HookSpec> lower_hooks(const std::vector<model::Hook>& hooks);
// lower_network.cpp: attachments, ports, names
void lower_network(const ServiceLowering& l);

// capabilities.cpp: what is left of the default set (or of all) after cap_add and cap_drop, in the kernel's
// order. Error: `unknown capability "x"`.
[[nodiscard]] std::vector<std::string> final_capabilities(const std::vector<std::string>& add,
                                                          const std::vector<std::string>& drop,
                                                          bool privileged);

// config_text.cpp: canonical JSON of what makes the service differ, with the keys of the compose file where
// they exist.
[[nodiscard]] std::string config_text(const sched::DesiredService& service);

// "service:db" -> "db"; empty when `mode` does not begin with `prefix`.
[[nodiscard]] inline std::string after_prefix(std::string_view mode, std::string_view prefix) {
  return std::string{mode.starts_with(prefix) ? mode.substr(prefix.size()) : std::string_view{}};
}

}  // namespace compose::lower
