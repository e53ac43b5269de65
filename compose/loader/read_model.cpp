#include "compose/loader/read_model.hpp"

#include "compose/loader/canonical.hpp"
#include "compose/loader/interpolate.hpp"
#include "compose/loader/merge.hpp"
#include "compose/loader/parse_yaml.hpp"

namespace compose::loader {

std::vector<ParsedFile> parse_files(LoadState& state, const std::vector<std::string>& files) {
  std::vector<ParsedFile> parsed;
  for (const auto& path : files) {
    const auto source = add_file(state, path);
    parsed.push_back({path, source, parse_yaml(state.sources, source, state.diagnostics)});
  }
  return parsed;
}

void prepare_document(LoadState& state, const Environment& environment, Node& document) {
  if (state.options.interpolate) interpolate(document, environment, state.sources, state.diagnostics);
  make_canonical(document, {.lenient = !state.options.interpolate}, state.diagnostics);
  remove_duplicates(document);
}

namespace {

void drop_version(LoadState& state, std::uint32_t source, Node& document) {
  const Node* version = document.find("version");
  if (!version) return;
  if (!version->is(Kind::string))
    state.diagnostics.error(version->mark, "version: must be a string; nothing reads it, so remove it");
  document.remove("version");
  state.diagnostics.warn(
      base::text("{}: the attribute `version` is obsolete, it will be ignored, please remove it to "
                 "avoid potential confusion",
                 state.sources.name(source)));
}

void add_document(LoadState& state, const ModelSource& source, const ParsedFile& file, Node document,
                  Node& model) {
  if (!document.is(Kind::mapping)) {
    state.diagnostics.error(
        document.mark, base::text("top-level object must be a mapping, not {}", describe(document.kind)));
    return;
  }
  prepare_document(state, source.environment, document);
  drop_version(state, file.source, document);
  if (document.find("include")) {
    Node included = expand_includes(state, source, document);
    merge(included, std::move(document), state.diagnostics, true);
    document = std::move(included);
  }
  apply_extends(state, source, file.path, document);
  merge(model, std::move(document), state.diagnostics);
  apply_directives(model);
}

}  // namespace

Node read_model(LoadState& state, const ModelSource& source, std::vector<ParsedFile> files) {
  Node model = Node::mapping({});
  for (auto& file : files) {
    for (auto& document : file.documents) {
      if (!model.mark.known()) model.mark = document.mark;
      add_document(state, source, file, std::move(document), model);
    }
  }
  return model;
}

}  // namespace compose::loader
