// Phase: include. Each entry is a model of its own, read with its own directory and environment and then laid
// under the including document; the first of two entries wins over the second.
#include <algorithm>

#include "base/path.hpp"
#include "base/sys.hpp"
#include "compose/loader/defaults.hpp"
#include "compose/loader/env_file.hpp"
#include "compose/loader/merge.hpp"
#include "compose/loader/read_model.hpp"
#include "compose/loader/resolve_paths.hpp"

namespace compose::loader {

namespace {

struct IncludeEntry {
  Mark mark;
  std::vector<std::string> paths;
  std::string project_directory;  // as written; empty: of the first path
  std::vector<std::string> env_files;
  bool has_env_files = false;
};

std::vector<std::string> texts_of(LoadState& state, const Node& node, std::string_view what) {
  std::vector<std::string> texts;
  const auto take = [&](const Node& item) {
    if (item.is(Kind::string))
      texts.push_back(item.text);
    else
      state.diagnostics.error(item.mark,
                              base::text("{}: must be a string, not {}", what, describe(item.kind)));
  };
  if (node.is(Kind::list))
    std::ranges::for_each(node.items, take);
  else
    take(node);
  return texts;
}

void read_key(LoadState& state, const Entry& key, IncludeEntry& entry) {
  static constexpr std::string_view known[] = {"path", "project_directory", "env_file"};
  if (key.key == "path") {
    entry.paths = texts_of(state, key.value, "include.path");
  } else if (key.key == "env_file") {
    entry.has_env_files = !key.value.is(Kind::null);
    if (entry.has_env_files) entry.env_files = texts_of(state, key.value, "include.env_file");
  } else if (key.key == "project_directory") {
    const auto texts = texts_of(state, key.value, "include.project_directory");
    if (!texts.empty()) entry.project_directory = texts.front();
  } else if (!key.key.starts_with("x-")) {
    state.diagnostics.error(key.key_mark,
                            base::text("include: unknown key '{}'{}", key.key, suggestion(key.key, known)));
  }
}

IncludeEntry read_entry(LoadState& state, const Node& node) {
  IncludeEntry entry{.mark = node.mark};
  if (node.is(Kind::string)) {
    entry.paths.push_back(node.text);
  } else if (node.is(Kind::mapping)) {
    for (const auto& key : node.entries) read_key(state, key, entry);
    if (entry.paths.empty()) state.diagnostics.error(node.mark, "include: missing key 'path'");
  } else {
    state.diagnostics.error(node.mark,
                            base::text("include: must be a path or a mapping, not {}", describe(node.kind)));
  }
  return entry;
}

// The including model's variables win; the files fill gaps.
void complete_environment(LoadState& state, const std::string& path, const Environment& outer,
                          Environment& inner) {
  const auto source = add_file(state, path);
  const EnvFileReader reader{.lookup = [&outer](std::string_view name) { return look_up(outer, name); }};
  for (const auto& [key, value] : parse_env_file(state.sources, source, reader, state.diagnostics))
    if (!outer.contains(key)) inner[key] = value;
}

Environment environment_of(LoadState& state, const ModelSource& outer, const IncludeEntry& entry,
                           const std::string& directory) {
  Environment environment = outer.environment;
  if (!entry.has_env_files) {
    const auto path = base::absolute_path(".env", directory);
    const auto status = base::sys::stat_if_exists(base::HostPath{path});
    if (status && S_ISREG(status->st_mode)) complete_environment(state, path, outer.environment, environment);
    return environment;
  }
  for (const auto& file : entry.env_files) {
    const auto path = base::absolute_path(file, outer.working_directory);
    if (path != "/dev/null") complete_environment(state, path, outer.environment, environment);
  }
  return environment;
}

bool closes_cycle(LoadState& state, const ModelSource& outer, const IncludeEntry& entry,
                  const std::string& path) {
  const auto& chain = outer.include_chain;
  if (std::ranges::find(chain, path) == chain.end()) return false;
  std::string message = "include cycle detected:\n" + chain.front();
  for (std::size_t i = 1; i < chain.size(); ++i) message += "\n include " + chain[i];
  state.diagnostics.error(entry.mark, message + "\n include " + path);
  return true;
}

void drop_own_settings(Node& model) {
  std::erase_if(model.entries, [](const Entry& e) { return e.key == "name" || e.key.starts_with("x-"); });
}

Node read_included(LoadState& state, const ModelSource& outer, const IncludeEntry& entry) {
  ModelSource inner{.include_chain = outer.include_chain};
  for (const auto& path : entry.paths) {
    refuse_remote(path, "the included file");
    inner.files.push_back(base::absolute_path(path, outer.working_directory));
    if (closes_cycle(state, outer, entry, inner.files.back())) return Node::mapping(entry.mark);
  }
  inner.working_directory = entry.project_directory.empty()
                                ? base::HostPath{inner.files.front()}.parent().str()
                                : base::absolute_path(entry.project_directory, outer.working_directory);
  inner.environment = environment_of(state, outer, entry, inner.working_directory);
  inner.include_chain.push_back(inner.files.front());
  auto files = parse_files(state, inner.files);
  Node model = read_model(state, inner, std::move(files));
  fill_defaults(model);
  if (state.options.resolve_paths) resolve_paths(model, inner.working_directory, inner.environment);
  if (state.options.interpolate) resolve_variables(model, inner.environment);
  drop_own_settings(model);
  return model;
}

}  // namespace

Node expand_includes(LoadState& state, const ModelSource& source, Node& document) {
  Node include = std::move(*document.find("include"));
  document.remove("include");
  Node all = Node::mapping(document.mark);
  if (include.is(Kind::null)) return all;
  if (!include.is(Kind::list)) {
    state.diagnostics.error(include.mark,
                            base::text("`include` must be a list, not {}", describe(include.kind)));
    return all;
  }
  for (auto item = include.items.rbegin(); item != include.items.rend(); ++item) {
    if (item->broken) continue;
    const auto entry = read_entry(state, *item);
    if (entry.paths.empty()) continue;
    try {
      merge(all, read_included(state, source, entry), state.diagnostics);
    } catch (const base::Error& e) {
      state.diagnostics.error(entry.mark, base::text("include: {}", e.what()));
    }
  }
  return all;
}

}  // namespace compose::loader
