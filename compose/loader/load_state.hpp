#pragma once
// What the phases of one load share, and reading a file into it.
#include "compose/loader/environment.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/loader/node.hpp"

namespace compose::loader {

struct LoadState {
  explicit LoadState(const LoadOptions& load_options) : options(load_options) {}
  LoadState(const LoadState&) = delete;
  LoadState& operator=(const LoadState&) = delete;

  const LoadOptions& options;
  Sources sources;
  Diagnostics diagnostics{sources};
};

// The path as the user would write it: relative to the current directory where the file is below it.
std::string shown_path(const std::string& path, const std::string& current_directory);

// Adds the file ("-": standard input) to the sources. Error: "open /abs/x.yaml: No such file or directory"; a
// file above the limit is a problem, and the source is then empty.
std::uint32_t add_file(LoadState& state, const std::string& path);

// Throws for oci:// and git locations: they would have to be fetched.
void refuse_remote(std::string_view location, std::string_view what);

}  // namespace compose::loader
