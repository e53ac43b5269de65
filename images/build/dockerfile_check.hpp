#pragma once
// What is doubtful in a Dockerfile without being wrong (`build --check`, and warnings of a build). Rules have
// the names that BuildKit gives them. "# check=skip=Rule,Rule;experimental=Rule;error=true" at the top of the
// file, or the build argument BUILDKIT_DOCKERFILE_CHECK instead, chooses among them; "# check=skip=Rule"
// above an instruction leaves a rule out for it. Pure.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "images/build/dockerfile.hpp"
#include "images/build/ignore_rules.hpp"
#include "images/image.hpp"

namespace compose::images {

struct CheckFinding {
  std::string rule;  // "WorkdirRelativePath"
  std::string message;
  int line = 0;
  bool operator==(const CheckFinding&) const = default;
};

struct CheckSettings {
  std::set<std::string> skipped;  // "all" is all of them
  std::set<std::string> experimental;
  bool error = false;  // what is found makes the build fail
  bool operator==(const CheckSettings&) const = default;
};

// Error: "check 'skp=all': must be skip=..., experimental=... or error=true".
[[nodiscard]] CheckSettings parse_check_settings(std::string_view text);

// What a check knows besides the file.
struct CheckSurroundings {
  std::map<std::string, std::string> arguments = {};   // --build-arg
  std::map<std::string, std::string> predefined = {};  // TARGETPLATFORM and its like
  // The configuration of an image that a stage begins with; nullopt: not known, so nothing is said of
  // variables that it may set.
  std::function<std::optional<ImageConfig>(const std::string& image)> base = {};
  IgnoreRules ignored = {};                          // of the build context
  std::optional<std::set<std::size_t>> needed = {};  // stages; nullopt: all
};

struct CheckReport {
  std::vector<CheckFinding> findings;  // in the order of their lines
  bool error = false;                  // and they are errors
};

[[nodiscard]] CheckReport check_dockerfile(const Dockerfile& dockerfile,
                                           const CheckSurroundings& surroundings);

}  // namespace compose::images
