#pragma once
// Phases from files to one merged, canonical tree: parse, interpolate, canonical, include, extends, merge;
// for each document of each file in order.
#include <string>
#include <vector>

#include "compose/loader/environment.hpp"
#include "compose/loader/load_state.hpp"

namespace compose::loader {

// Files that make up one model (the project, or an included part of it).
struct ModelSource {
  std::vector<std::string> files;  // absolute
  std::string working_directory;
  Environment environment;
  std::vector<std::string> include_chain;  // files that led here; to find cycles
};

struct ParsedFile {
  std::string path;
  std::uint32_t source = 0;
  std::vector<Node> documents;
};

std::vector<ParsedFile> parse_files(LoadState& state, const std::vector<std::string>& files);

// The documents are consumed.
Node read_model(LoadState& state, const ModelSource& source, std::vector<ParsedFile> files);

// include: in `document` -> the included models, merged; the key is removed. (include.cpp)
Node expand_includes(LoadState& state, const ModelSource& source, Node& document);

// extends: of every service of `document` (extends.cpp)
void apply_extends(LoadState& state, const ModelSource& source, const std::string& file, Node& document);

// One document as it stands -> interpolated and canonical.
void prepare_document(LoadState& state, const Environment& environment, Node& document);

}  // namespace compose::loader
