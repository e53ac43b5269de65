#pragma once
// What the options of `run` change about a service. Pure.
#include <optional>
#include <string>
#include <vector>

#include "compose/model/project.hpp"

namespace compose::cli {

struct RunOverrides {
  std::vector<std::string> command;
  std::optional<std::string> entrypoint;
  std::vector<std::string> environment;  // KEY=VALUE, or KEY taken from the project's environment
  std::vector<std::string> labels;
  std::vector<std::string> volumes;  // short syntax; relative to `current_directory`
  std::vector<std::string> publish;  // short syntax
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  std::string user;
  std::string directory;
  bool service_ports = false;
  bool terminal = false;
  bool stdin_open = false;
  std::string current_directory;
};

void apply_overrides(model::Project& project, const std::string& service, const RunOverrides& overrides);

}  // namespace compose::cli
