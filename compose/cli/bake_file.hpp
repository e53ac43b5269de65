#pragma once
// What `build --print` shows: the builds as a file for `docker buildx bake`.
#include <string>
#include <vector>

#include "compose/cli/project_builds.hpp"

namespace compose::cli {

[[nodiscard]] std::string bake_file(const model::Project& project, const std::vector<std::string>& names,
                                    const BuildOptions& options, bool push);

}  // namespace compose::cli
