#pragma once
// `build --check`.
#include <string>
#include <vector>

#include "compose/cli/project_builds.hpp"
#include "compose/model/project.hpp"

namespace compose::cli {

class Context;

// Prints what is doubtful in the services' Dockerfiles; the exit status.
int check_builds(Context& context, const model::Project& project, const std::vector<std::string>& names,
                 const BuildOptions& options);

}  // namespace compose::cli
