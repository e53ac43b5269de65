#pragma once
// A loaded project: the whole compose model in one canonical form, interpolated, merged, checked. A plain
// value. Made by compose/loader/load_project.hpp; read by compose/lower and by `compose config`.
#include "compose/model/resources.hpp"
#include "compose/model/service.hpp"

namespace compose::model {

struct Project {
  std::string name;
  std::string working_directory;  // absolute; base of relative paths
  Strings config_files;           // absolute, in order; "-" for standard input
  Strings environment_files;      // those given with --env-file
  // What interpolation saw: the caller's environment, then .env, and COMPOSE_PROJECT_NAME.
  StringMap environment;
  std::map<std::string, Service> services;           // enabled by profile, and selected or depended on
  std::map<std::string, Service> disabled_services;  // the others: known, so never orphans
  std::map<std::string, Network> networks;
  std::map<std::string, Volume> volumes;
  std::map<std::string, FileObject> secrets;
  std::map<std::string, FileObject> configs;
  std::map<std::string, AiModel> models;
  Extensions extensions;
  Strings profiles;           // active ones
  char name_separator = '-';  // '_' with --compatibility
  bool operator==(const Project&) const = default;
};

}  // namespace compose::model
