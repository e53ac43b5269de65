#pragma once
// Where a verb writes an archive to: the file that --output names, or standard output where that is no
// terminal.
#include <functional>
#include <optional>
#include <string>

#include "base/path.hpp"

namespace compose::cli {

// A path of the command line.
[[nodiscard]] base::HostPath path_of(const std::string& word);

// Calls `write` with a descriptor. A file gets its name when all of it is there, and nothing is left of one
// that is interrupted; a link stays, and what it leads to is written. What is no file (a pipe, a device) is
// written to as it is.
void write_output(const std::optional<std::string>& output, const std::function<void(int fd)>& write);

}  // namespace compose::cli
