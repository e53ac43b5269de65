#pragma once
// What is doubtful in a Dockerfile without being wrong (`build --check`). Rules have the names that BuildKit
// gives them, by which `# check=skip=Rule,Rule` leaves them out. Pure.
#include <string>
#include <vector>

#include "images/build/dockerfile.hpp"

namespace compose::images {

struct CheckFinding {
  std::string rule;  // "WorkdirRelativePath"
  std::string message;
  int line = 0;
  bool operator==(const CheckFinding&) const = default;
};

// In the order of their lines.
[[nodiscard]] std::vector<CheckFinding> check_dockerfile(const Dockerfile& dockerfile);

}  // namespace compose::images
