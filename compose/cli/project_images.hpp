#pragma once
// The images of a project's services: found, built where they are missing or where it is asked for, and what
// lowering has to know about them. Errors: the store's, in front of them `service "web": `.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/lower/image_facts.hpp"
#include "compose/model/project.hpp"

namespace compose::cli {

class Context;

struct ImageOptions {
  bool build = false;  // --build: also where the image is there
  bool no_build = false;
  std::optional<std::string> pull;  // --pull: always, missing, never, build, policy
  bool quiet_build = false;
  bool quiet_pull = false;
};

// In the store, and for this platform ("": whatever it is for).
[[nodiscard]] bool image_is_present(Context& context, const std::string& reference,
                                    const std::string& platform);

// By service. Reports what it builds to the context's progress.
[[nodiscard]] std::map<std::string, lower::ImageFacts> provide_images(Context& context,
                                                                      const model::Project& project,
                                                                      const ImageOptions& options);

}  // namespace compose::cli
