#pragma once
// Phases from the merged tree to the model: reading through the keyword tables, normalising, selecting,
// checking.
#include "compose/loader/load_state.hpp"

namespace compose::loader {

// Reads every service, enabled or not, into project.services. (read_project.cpp)
void read_project(const Node& tree, model::Project& project, Diagnostics& diagnostics);

// Default network, full names, implicit dependencies. (normalise.cpp)
void normalise(model::Project& project);

// Moves services that no active profile enables to disabled_services. (select.cpp)
void apply_profiles(model::Project& project, const LoadOptions& options);

// Keeps the services asked for and what they depend on. Error: "no such service: x". (select.cpp)
void select_services(model::Project& project, const LoadOptions& options);

// Without networks, volumes, ... that no service uses. (select.cpp)
void drop_unused_resources(model::Project& project);

// Rules that hold for each service by itself, disabled ones as well. (check_service.cpp)
void check_shapes(const model::Project& project, const Node& tree, Diagnostics& diagnostics);

// References between parts of the model, of enabled services. (check_references.cpp)
void check_references(const model::Project& project, const Node& tree, Diagnostics& diagnostics);

// Address ranges of networks, and what enabled services want of them. (check_networks.cpp)
void check_networks(const model::Project& project, const Node& tree, Diagnostics& diagnostics);

// What two services or networks of the selected ones cannot both have. (check_claims.cpp)
void check_claims(const model::Project& project, const Node& tree, Diagnostics& diagnostics);

// "web -> api -> web", or "" where dependencies have no cycle. (check_cycles.cpp)
std::string find_dependency_cycle(const model::Project& project);

// env_file into environment, label_file into labels. (service_files.cpp)
void read_service_files(LoadState& state, const Node& tree, model::Project& project);

// The mark of the node at the path, or of its nearest ancestor.
Mark mark_of(const Node& tree, std::initializer_list<std::string_view> path);

}  // namespace compose::loader
