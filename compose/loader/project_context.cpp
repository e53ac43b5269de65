// Finding the files, the environment and the directory of a project (load_project.hpp: ProjectContext).
#include <algorithm>
#include <array>
#include <set>

#include "base/path.hpp"
#include "base/sys.hpp"
#include "compose/loader/env_file.hpp"
#include "compose/loader/load_state.hpp"
#include "compose/loader/project_name.hpp"

namespace compose::loader {

namespace {

constexpr auto k_file_names = std::to_array<std::string_view>(
    {"compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"});
constexpr auto k_override_names =
    std::to_array<std::string_view>({"compose.override.yml", "compose.override.yaml",
                                     "docker-compose.override.yml", "docker-compose.override.yaml"});

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto end = text.find(separator);
    if (const auto part = text.substr(0, end); !part.empty()) parts.emplace_back(part);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + separator.size());
  }
  return parts;
}

bool is_file(const std::string& path) {
  const auto status = base::sys::stat_if_exists(base::HostPath{path});
  return status && !S_ISDIR(status->st_mode);
}

bool is_true(std::string_view text, std::string_view name) {
  static constexpr auto yes = std::to_array<std::string_view>({"1", "t", "T", "true", "TRUE", "True"});
  static constexpr auto no = std::to_array<std::string_view>({"0", "f", "F", "false", "FALSE", "False", ""});
  if (std::ranges::find(yes, text) != yes.end()) return true;
  if (std::ranges::find(no, text) == no.end()) base::fail("{}: '{}' is not a boolean", name, text);
  return false;
}

class ContextFinder {
 public:
  explicit ContextFinder(LoadState& state) : state_(state), options_(state.options) {
    environment_.insert(options_.environment.begin(), options_.environment.end());
    const auto from_environment = look_up(environment_, "COMPOSE_ENV_FILES").value_or("");
    explicit_env_files_ = options_.env_files.empty() ? split(from_environment, ",") : options_.env_files;
  }

  ProjectContext find() {
    ProjectContext context;
    if (explicit_env_files_.empty()) {
      if (options_.files.empty() && options_.project_directory.empty())
        read_default(options_.current_directory);
    } else {
      for (const auto& file : explicit_env_files_) read_required(file, context);
    }
    context.files = find_files();
    context.working_directory = working_directory(context.files);
    if (explicit_env_files_.empty()) read_default(context.working_directory);
    context.project_name = chosen_name();
    environment_.try_emplace("PWD", options_.current_directory);
    context.environment.insert(environment_.begin(), environment_.end());
    return context;
  }

 private:
  [[nodiscard]] std::string absolute(const std::string& path) const {
    return path == "-" ? path : base::absolute_path(path, options_.current_directory);
  }

  // The caller's environment wins over all files. Later --env-files win over earlier ones; a default .env
  // only fills gaps.
  void read(const std::string& path, bool overrides_earlier) {
    const auto source = add_file(state_, path);
    const EnvFileReader reader{
        .lookup = [this](std::string_view name) { return look_up(environment_, name); }};
    for (const auto& [key, value] : parse_env_file(state_.sources, source, reader, state_.diagnostics)) {
      const bool of_caller = options_.environment.contains(key);
      if (of_caller) continue;
      if (overrides_earlier || !environment_.contains(key) || from_this_file_.contains(key))
        environment_[key] = value;
      from_this_file_.insert(key);
    }
    from_this_file_.clear();
  }

  void read_required(const std::string& file, ProjectContext& context) {
    const auto path = absolute(file);
    const auto status = base::sys::stat_if_exists(base::HostPath{path});
    if (!status) base::fail("couldn't find env file: {}", path);
    if (S_ISDIR(status->st_mode)) base::fail("{} is a directory", path);
    read(path, true);
    context.environment_files.push_back(path);
  }

  void read_default(const std::string& directory) {
    const auto disabled = look_up(environment_, "COMPOSE_DISABLE_ENV_FILE").value_or("");
    if (is_true(disabled, "COMPOSE_DISABLE_ENV_FILE")) return;
    const auto path = base::absolute_path(".env", directory);
    if (path == default_read_ || !is_file(path)) return;
    default_read_ = path;
    read(path, false);
  }

  std::vector<std::string> find_files() {
    auto given = options_.files;
    if (given.empty()) {
      const auto separator = look_up(environment_, "COMPOSE_PATH_SEPARATOR").value_or(":");
      given = split(look_up(environment_, "COMPOSE_FILE").value_or(""), separator.empty() ? ":" : separator);
    }
    if (given.empty()) return search();
    for (auto& file : given) {
      refuse_remote(file, "the compose file");
      file = absolute(file);
    }
    return given;
  }

  // The names that exist in the directory; with several, the first is used and a warning says so.
  template <std::size_t N>
  std::string first_of(const std::string& directory, const std::array<std::string_view, N>& names) {
    std::vector<std::string> found;
    for (const auto name : names)
      if (auto path = base::absolute_path(name, directory); is_file(path)) found.push_back(std::move(path));
    if (found.empty()) return {};
    if (found.size() > 1) {
      state_.diagnostics.warn("Found multiple config files with supported names: " + base::join(found, ", "));
      state_.diagnostics.warn("Using " + found.front());
    }
    return found.front();
  }

  std::vector<std::string> search() {
    auto directory = options_.project_directory.empty() ? options_.current_directory
                                                        : absolute(options_.project_directory);
    for (;;) {
      if (auto file = first_of(directory, k_file_names); !file.empty()) {
        auto over = first_of(directory, k_override_names);
        if (over.empty()) return {std::move(file)};
        return {std::move(file), std::move(over)};
      }
      if (directory == "/" || directory.empty()) return {};
      directory = base::HostPath{directory}.parent().str();
    }
  }

  [[nodiscard]] std::string working_directory(const std::vector<std::string>& files) const {
    if (!options_.project_directory.empty()) return absolute(options_.project_directory);
    for (const auto& file : files)
      if (file != "-") return base::HostPath{file}.parent().str();
    return options_.current_directory;
  }

  [[nodiscard]] std::string chosen_name() const {
    auto name = options_.project_name;
    if (name.empty()) name = look_up(environment_, "COMPOSE_PROJECT_NAME").value_or("");
    if (!name.empty() && !is_project_name(name)) {
      base::fail(
          "invalid project name \"{}\": must consist only of lowercase alphanumeric characters, hyphens, and "
          "underscores as well as start with a letter or number",
          name);
    }
    return name;
  }

  LoadState& state_;
  const LoadOptions& options_;
  Environment environment_;
  std::vector<std::string> explicit_env_files_;
  std::set<std::string> from_this_file_;
  std::string default_read_;
};

}  // namespace

ProjectContext find_context(LoadState& state) {
  auto context = ContextFinder{state}.find();
  state.diagnostics.throw_if_failed();
  return context;
}

ProjectContext find_project_context(const LoadOptions& options) {
  LoadState state(options);
  auto context = find_context(state);
  context.warnings = state.diagnostics.take_warnings();
  return context;
}

}  // namespace compose::loader
