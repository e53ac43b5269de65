#pragma once
// The Dockerfile of a request, and what a check of it knows besides: what a build and `build --check` have in
// common. Internal to images/build.
#include <map>
#include <string>

#include "base/path.hpp"
#include "images/build/build.hpp"
#include "images/build/dockerfile_check.hpp"
#include "images/build/stage_plan.hpp"
#include "images/store.hpp"

namespace compose::images {

// The text of a Dockerfile of this host, and what messages call it.
[[nodiscard]] std::string read_dockerfile(const base::HostPath& path);
[[nodiscard]] std::string dockerfile_name(const BuildRequest& request);

// Without what is ignored; refers to its arguments.
[[nodiscard]] CheckSurroundings surroundings_of(const Store& store, const BuildRequest& request,
                                                const StagePlan& plan,
                                                const std::map<std::string, std::string>& predefined);

}  // namespace compose::images
