#pragma once
// Programs of the host that do what this program does not: git, ssh-agent, credential helpers.
#include <optional>
#include <string>
#include <vector>

#include "base/path.hpp"
#include "base/process.hpp"

namespace compose::images {

[[nodiscard]] std::optional<base::HostPath> find_program(const std::string& name);  // in PATH
[[nodiscard]] base::HostPath require_program(const std::string& name);  // Error: "'git' is not in the PATH"
[[nodiscard]] std::vector<std::string> own_environment();

struct ToolResult {
  base::ExitStatus status;
  std::string output;  // what it wrote to stdout
  std::string errors;  // and to stderr, without the last newline
};

// Runs it to its end, with nothing on stdin. It does not outlive this process.
ToolResult run_tool(const base::HostPath& program, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment,
                    const std::optional<base::HostPath>& directory = std::nullopt);

}  // namespace compose::images
