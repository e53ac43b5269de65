#pragma once
// The images that a project's services build, all of them together.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/model/project.hpp"
#include "images/build/build.hpp"

namespace compose::cli {

class Context;

struct BuildOptions {
  std::map<std::string, std::optional<std::string>> arguments;  // --build-arg
  std::map<std::string, std::string> ssh;  // --ssh: id -> socket or key; "" the agent of this session
  std::uint64_t memory = 0;                // bytes a step may use; 0: no limit
  bool no_cache = false;
  bool pull = false;  // --pull: base images anew
  bool quiet = false;
};

// What is built when these services are: they and those that they name as contexts, each once.
[[nodiscard]] std::vector<std::string> services_to_build(const model::Project& project,
                                                         const std::vector<std::string>& names);
[[nodiscard]] images::BuildRequest build_request_of(const model::Project& project,
                                                    const model::Service& service,
                                                    const BuildOptions& options);

void build_services(Context& context, const model::Project& project, const std::vector<std::string>& names,
                    const BuildOptions& options);

}  // namespace compose::cli
