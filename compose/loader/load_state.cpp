#include "compose/loader/load_state.hpp"

#include "base/file.hpp"
#include "base/sys.hpp"
#include "compose/loader/parse_yaml.hpp"
#include "compose/loader/resolve_paths.hpp"

namespace compose::loader {

std::string shown_path(const std::string& path, const std::string& current_directory) {
  const auto prefix = current_directory + "/";
  return path.starts_with(prefix) ? path.substr(prefix.size()) : path;
}

std::uint32_t add_file(LoadState& state, const std::string& path) {
  if (path == "-") {
    auto text = state.options.read_standard_input ? state.options.read_standard_input() : std::string{};
    return state.sources.add("standard input", std::move(text));
  }
  const auto shown = shown_path(path, state.options.current_directory);
  const auto status = base::sys::stat_if_exists(base::HostPath{path});
  if (!status) base::fail("open {}: no such file or directory", path);
  if (S_ISDIR(status->st_mode)) base::fail("open {}: it is a directory", path);
  if (S_ISREG(status->st_mode) && static_cast<std::size_t>(status->st_size) > k_largest_file) {
    const auto source = state.sources.add(shown, "");
    state.diagnostics.error({source, 0, 0},
                            base::text("the file is larger than {} MiB", k_largest_file >> 20U));
    return source;
  }
  return state.sources.add(shown, base::read_file(base::HostPath{path}, k_largest_file));
}

void refuse_remote(std::string_view location, std::string_view what) {
  const bool is_git =
      location.find(".git") != std::string_view::npos && location.find("://") != std::string_view::npos;
  if (is_remote(location) || is_git)
    base::fail("{} '{}' is remote: compose files are read from this host only, fetch it first", what,
               location);
}

}  // namespace compose::loader
