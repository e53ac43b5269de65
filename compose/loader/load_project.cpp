#include "compose/loader/load_project.hpp"

#include <unistd.h>

#include "base/path.hpp"
#include "base/sys.hpp"
#include "compose/loader/defaults.hpp"
#include "compose/loader/interpolate.hpp"
#include "compose/loader/project_name.hpp"
#include "compose/loader/raw_model.hpp"
#include "compose/loader/read_model.hpp"
#include "compose/loader/read_project.hpp"
#include "compose/loader/resolve_paths.hpp"

extern char** environ;

namespace compose::loader {

namespace {

// `name:` of the last document that has one, interpolated and made a valid name.
std::string name_in_files(const std::vector<ParsedFile>& files, const Environment& environment,
                          bool interpolate) {
  std::string found;
  for (const auto& file : files) {
    for (const auto& document : file.documents) {
      const Node* name = document.find_path({"name"});
      if (!name || !name->is(Kind::string) || name->text.empty()) continue;
      const TemplateContext context{[&](std::string_view key) { return look_up(environment, key); }, {}};
      try {
        found = interpolate ? substitute(name->text, context) : name->text;
      } catch (const TemplateError&) {
        continue;  // reported when the document is interpolated
      }
    }
  }
  return normalised_name(found);
}

std::string choose_name(const ProjectContext& context, const std::vector<ParsedFile>& files,
                        const Environment& environment, const LoadOptions& options) {
  if (!context.project_name.empty()) return context.project_name;
  auto name = name_in_files(files, environment, options.interpolate);
  if (name.empty()) name = normalised_name(base::HostPath{context.working_directory}.name());
  if (name.empty()) name = normalised_name(base::HostPath{options.current_directory}.name());
  if (name.empty()) throw base::Error("project name must not be empty");
  return name;
}

// Files, environment and name are known, the files are parsed.
struct Opened {
  ProjectContext context;
  std::vector<ParsedFile> files;
  ModelSource source;
  std::string name;
};

Opened open_project(LoadState& state) {
  Opened opened{.context = find_context(state)};
  if (opened.context.files.empty()) throw base::Error("no configuration file provided: not found");
  opened.files = parse_files(state, opened.context.files);
  state.diagnostics.throw_if_failed();
  opened.source = {.files = opened.context.files, .working_directory = opened.context.working_directory};
  opened.source.environment.insert(opened.context.environment.begin(), opened.context.environment.end());
  opened.name = choose_name(opened.context, opened.files, opened.source.environment, state.options);
  opened.source.environment["COMPOSE_PROJECT_NAME"] = opened.name;
  opened.source.include_chain = {opened.context.files.front()};
  return opened;
}

Node merged_tree(LoadState& state, Opened& opened) {
  Node tree = read_model(state, opened.source, std::move(opened.files));
  if (tree.entries.empty() && !state.diagnostics.failed()) throw base::Error("empty compose file");
  if (state.options.interpolate) fill_defaults(tree);
  if (state.options.resolve_paths)
    resolve_paths(tree, opened.source.working_directory, opened.source.environment);
  if (state.options.interpolate) resolve_variables(tree, opened.source.environment);
  return tree;
}

model::Project project_of(const Opened& opened, const LoadOptions& options) {
  model::Project project;
  project.name = opened.name;
  project.working_directory = opened.context.working_directory;
  project.config_files = opened.context.files;
  project.environment_files = opened.context.environment_files;
  project.environment.insert(opened.source.environment.begin(), opened.source.environment.end());
  const auto compatibility = look_up(opened.source.environment, "COMPOSE_COMPATIBILITY").value_or("");
  const bool underscores = options.compatibility || compatibility == "1" || compatibility == "true";
  project.name_separator = underscores ? '_' : '-';
  return project;
}

}  // namespace

LoadedProject load_project(const LoadOptions& options) {
  LoadState state(options);
  Opened opened = open_project(state);
  const Node tree = merged_tree(state, opened);
  model::Project project = project_of(opened, options);
  read_project(tree, project, state.diagnostics);
  check_shapes(project, tree, state.diagnostics);
  if (options.normalize) normalise(project);
  apply_profiles(project, options);
  if (options.check_consistency && !state.diagnostics.failed()) {
    check_references(project, tree, state.diagnostics);
    check_networks(project, tree, state.diagnostics);
  }
  state.diagnostics.throw_if_failed();
  select_services(project, options);
  if (options.resolve_environment) read_service_files(state, tree, project);
  if (!options.all_resources) drop_unused_resources(project);
  // With every profile at once, services of which only one ever runs stand side by side.
  if (options.check_consistency && !options.all_services) check_claims(project, tree, state.diagnostics);
  state.diagnostics.throw_if_failed();
  return {std::move(project), state.diagnostics.take_warnings()};
}

std::string find_project_name(const LoadOptions& options) {
  LoadState state(options);
  const auto context = find_context(state);
  if (!context.project_name.empty()) return context.project_name;
  if (context.files.empty()) throw base::Error("no configuration file provided: not found");
  Environment environment;
  environment.insert(context.environment.begin(), context.environment.end());
  const auto files = parse_files(state, context.files);
  state.diagnostics.throw_if_failed();
  return choose_name(context, files, environment, options);
}

RawModel load_raw_model(const LoadOptions& options) {
  LoadState state(options);
  Opened opened = open_project(state);
  Node tree = merged_tree(state, opened);
  state.diagnostics.throw_if_failed();
  tree.remove("name");
  RawModel raw{.name = opened.name, .environment = opened.source.environment};
  collect_variables(tree, raw.variables);
  raw.model = to_value(tree);
  return raw;
}

LoadOptions options_of_this_process() {
  LoadOptions options;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos)
      options.environment.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  options.current_directory = base::sys::current_directory();
  options.read_standard_input = [] { return base::sys::read_to_end(STDIN_FILENO, 8U << 20U); };
  return options;
}

}  // namespace compose::loader
