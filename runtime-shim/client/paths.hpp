#pragma once
// Where the files of containers are. Pure; both roots move with COMPOSE_DATA_ROOT and COMPOSE_RUN_ROOT.
#include <string>

#include "base/path.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

struct RuntimePaths {
  HostPath data_root{"/var/lib/compose"};
  HostPath run_root{"/run/compose"};

  [[nodiscard]] HostPath run_directory(const ContainerId& id) const { return run_root / id.str(); }
  [[nodiscard]] HostPath status_file(const ContainerId& id) const { return run_directory(id) / "status"; }
  [[nodiscard]] HostPath alive_file(const ContainerId& id) const { return run_directory(id) / "alive"; }
  [[nodiscard]] HostPath control_socket(const ContainerId& id) const { return run_directory(id) / "control"; }
  [[nodiscard]] HostPath container_directory(const ContainerId& id) const {
    return data_root / "containers" / id.str();
  }
  [[nodiscard]] HostPath log_directory(const ContainerId& id) const {
    return container_directory(id) / "log";
  }
  [[nodiscard]] HostPath log_file(const ContainerId& id) const { return log_directory(id) / "container.log"; }
  // "compose", or "compose-<8 hex digits of the run root>" so that two installations never share a cgroup.
  [[nodiscard]] std::string cgroup_root() const;
};

}  // namespace compose::rt
