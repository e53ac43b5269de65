#pragma once
// The project's name and directory, and the files it comes from.
#include <string>
#include <string_view>

#include "compose/loader/load_state.hpp"

namespace compose::loader {

bool is_project_name(std::string_view name);  // ^[a-z0-9][a-z0-9_-]*$

// Lower case, without what a name cannot have: "My.App_1" -> "myapp_1"; may become empty.
std::string normalised_name(std::string_view name);

// As find_project_context, within a load.
ProjectContext find_context(LoadState& state);

}  // namespace compose::loader
