#include "compose/loader/read_project.hpp"

#include <algorithm>
#include <array>

#include "compose/loader/codec.hpp"
#include "compose/loader/defaults.hpp"
#include "compose/loader/fields.hpp"

namespace compose::loader {

namespace {

using Section = void (*)(Reader&, const Node&, const KeyPath&, model::Project&);

bool is_key(std::string_view key) {
  static constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !key.empty() && key.find_first_not_of(allowed) == std::string_view::npos;
}

// Reads each member of a section; null members are allowed where they mean "all defaults".
template <class T>
void read_members(Reader& reader, const Node& node, const KeyPath& path, const Table& table,
                  bool null_allowed, std::map<std::string, T>& into) {
  if (!node.is(Kind::mapping)) return reader.expect(node, path, "a mapping");
  for (const auto& entry : node.entries) {
    const KeyPath inner{path, entry.key};
    if (entry.key.starts_with("x-") && !entry.value.is(Kind::mapping)) continue;
    if (!is_key(entry.key)) {
      Node at_key;
      at_key.mark = entry.key_mark;
      reader.fail(at_key, inner, "names consist of letters, digits, '.', '_' and '-'");
    }
    auto& value = into[entry.key];
    if (entry.value.is(Kind::null) && null_allowed) continue;
    reader.read_record(entry.value, inner, table, &value);
  }
}

void read_name(Reader& reader, const Node& node, const KeyPath& path, model::Project&) {
  if (!node.is(Kind::string)) reader.expect(node, path, "a string");
}

void read_services(Reader& reader, const Node& node, const KeyPath& path, model::Project& project) {
  read_members(reader, node, path, table_of<model::Service>(), false, project.services);
  for (auto& [name, service] : project.services) service.name = name;
}

void read_networks(Reader& reader, const Node& node, const KeyPath& path, model::Project& project) {
  read_members(reader, node, path, table_of<model::Network>(), true, project.networks);
}

void read_volumes(Reader& reader, const Node& node, const KeyPath& path, model::Project& project) {
  read_members(reader, node, path, table_of<model::Volume>(), true, project.volumes);
}

// The looked-up content travels under a key of its own; it is taken out before the keys are checked.
void read_file_objects(Reader& reader, const Node& node, const KeyPath& path, const Table& table,
                       std::map<std::string, model::FileObject>& into) {
  Node plain = node;
  std::map<std::string, std::string> contents;
  for (auto& entry : plain.entries) {
    const Node* content = entry.value.is(Kind::mapping) ? entry.value.find(k_resolved_content) : nullptr;
    if (!content) continue;
    contents[entry.key] = content->text;
    entry.value.remove(k_resolved_content);
  }
  read_members(reader, plain, path, table, false, into);
  for (auto& [key, content] : contents) into[key].resolved_content = std::move(content);
}

void read_secrets(Reader& reader, const Node& node, const KeyPath& path, model::Project& project) {
  read_file_objects(reader, node, path, secret_table(), project.secrets);
}

void read_configs(Reader& reader, const Node& node, const KeyPath& path, model::Project& project) {
  read_file_objects(reader, node, path, config_table(), project.configs);
}

void read_models(Reader& reader, const Node& node, const KeyPath& path, model::Project& project) {
  read_members(reader, node, path, table_of<model::AiModel>(), false, project.models);
}

struct TopLevelKey {
  std::string_view key;
  Section read;
};

constexpr auto k_top_level = std::to_array<TopLevelKey>({
    {"name", read_name},
    {"services", read_services},
    {"networks", read_networks},
    {"volumes", read_volumes},
    {"secrets", read_secrets},
    {"configs", read_configs},
    {"models", read_models},
});

void report_unknown(const Entry& entry, const Node& tree, Diagnostics& diagnostics) {
  std::vector<std::string_view> keys{"include", "version"};
  for (const auto& row : k_top_level) keys.push_back(row.key);
  auto hint = suggestion(entry.key, keys);
  if (hint.empty() && entry.value.is(Kind::mapping) && !tree.find("services"))
    hint = ", services belong under 'services:'";
  diagnostics.error(entry.key_mark, base::text("unknown key '{}'{}", entry.key, hint));
}

}  // namespace

void read_project(const Node& tree, model::Project& project, Diagnostics& diagnostics) {
  Reader reader(diagnostics);
  const KeyPath root;
  for (const auto& entry : tree.entries) {
    if (entry.value.broken) continue;
    const auto row = std::ranges::find(k_top_level, entry.key, &TopLevelKey::key);
    if (row != k_top_level.end()) {
      row->read(reader, entry.value, KeyPath{root, entry.key}, project);
    } else if (entry.key.starts_with("x-")) {
      project.extensions.push_back({entry.key, to_value(entry.value)});
    } else {
      report_unknown(entry, tree, diagnostics);
    }
  }
}

Mark mark_of(const Node& tree, std::initializer_list<std::string_view> path) {
  const Node* at = &tree;
  Mark mark = tree.mark;
  for (const auto key : path) {
    const Node* next = nullptr;
    if (at->is(Kind::mapping)) {
      for (const auto& entry : at->entries) {
        if (entry.key != key) continue;
        next = &entry.value;
        mark = entry.value.is_scalar() && entry.value.mark.known() && !entry.value.is(Kind::null)
                   ? entry.value.mark
                   : entry.key_mark;
      }
    } else if (at->is(Kind::list) && !key.empty() && key[0] >= '0' && key[0] <= '9') {
      const auto index = static_cast<std::size_t>(std::stoul(std::string{key}));
      if (index < at->items.size()) {
        next = &at->items[index];
        mark = next->mark;
      }
    }
    if (!next) return mark;
    at = next;
  }
  return mark;
}

}  // namespace compose::loader
