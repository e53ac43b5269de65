#pragma once
// The compose file(s) -> one Project. Everything from finding the files to the cross-checks happens here; the
// phases have a file each. Runs in the CLI process; reads files, never writes, touches no kernel object.
//
// Errors: InvalidProject with every problem found (diagnostics.hpp); base::Error for what is no problem of a
// file ("no configuration file provided: not found"). Warnings are returned, each once, ready to be printed.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compose/loader/diagnostics.hpp"
#include "compose/model/project.hpp"

namespace compose::loader {

struct LoadOptions {
  // What the user said on the command line.

  // -f, in order; "-" is standard input; empty: COMPOSE_FILE, then the default names.
  std::vector<std::string> files;
  std::string project_directory;       // --project-directory; empty: not given
  std::string project_name;            // -p; empty: not given
  std::vector<std::string> env_files;  // --env-file
  std::vector<std::string> profiles;   // --profile
  bool compatibility = false;  // --compatibility: '_' as name separator (COMPOSE_COMPATIBILITY is read too)

  // Which services the command is about; empty: all enabled ones. Globs are allowed. Naming a service
  // activates its profiles. Selecting keeps these services and (unless told otherwise) what they depend on.
  std::vector<std::string> services;
  bool with_dependencies = true;
  // Every profile, as if --profile '*' (ps, logs, down: nothing is an unknown name).
  bool all_services = false;
  bool all_resources = false;  // keep networks, volumes, ... that no service uses

  // The caller's world, passed in for tests.
  std::map<std::string, std::string> environment;  // of the process
  std::string current_directory;                   // absolute
  std::function<std::string()> read_standard_input;

  // Phases that `compose config` can turn off.
  bool interpolate = true;
  bool normalize = true;
  bool resolve_paths = true;
  bool resolve_environment = true;  // read env_file and label_file; off for ps, logs, down, ...
  bool check_consistency = true;
};

// The options with the environment and directory of this process filled in.
LoadOptions options_of_this_process();

struct LoadedProject {
  model::Project project;
  std::vector<std::string> warnings;
};

LoadedProject load_project(const LoadOptions& options);

// Environment, files, directory and name of a project without reading the model: for commands that work from
// labels alone. `files` is empty where there is none. The name is empty when nothing but `name:` in the files
// could tell.
struct ProjectContext {
  // The process's, completed from .env; COMPOSE_* settings live here.
  std::map<std::string, std::string> environment;
  std::vector<std::string> files;  // absolute
  std::vector<std::string> environment_files;
  std::string working_directory;
  std::string project_name;  // from -p or COMPOSE_PROJECT_NAME only
  std::vector<std::string> warnings;
};
ProjectContext find_project_context(const LoadOptions& options);

// The name alone, as precedence has it (-p, COMPOSE_PROJECT_NAME, name:, directory); reads the files' `name:`
// only.
std::string find_project_name(const LoadOptions& options);

}  // namespace compose::loader
