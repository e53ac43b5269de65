#include "compose/loader/supported_attributes.hpp"

#include <array>

#include "compose/loader/codec.hpp"
#include "compose/loader/fields.hpp"
#include "compose/loader/render_value.hpp"

namespace compose::loader {

namespace {

std::string_view word(Support support) {
  switch (support) {
    case Support::honoured:
      return "honoured";
    case Support::loader:
      return "used while loading";
    case Support::ignored:
      return "ignored with a warning";
  }
  return "";
}

void add_table(const std::string& prefix, const Table& table, Support outer, std::string_view outer_note,
               std::vector<SupportedAttribute>& all) {
  for (const auto& row : table.rows) {
    const bool ignored = outer == Support::ignored;
    const auto support = ignored ? outer : row.support;
    const std::string note{row.note.empty() && ignored ? outer_note : row.note};
    auto path = prefix + std::string{row.key};
    all.push_back({path, std::string{row.kind}, support, note});
    if (row.inner) add_table(path + std::string{row.inner_suffix} + ".", *row.inner(), support, note, all);
  }
}

// Attributes that no table has: they are used up before a model is read, or live inside one value.
void add_loader_attributes(std::vector<SupportedAttribute>& all) {
  static constexpr auto rows = std::to_array<std::array<std::string_view, 3>>({
      {"version", "a string", "obsolete: warned about and dropped"},
      {"name", "a string", "the project's name, below -p and COMPOSE_PROJECT_NAME"},
      {"include", "a list of paths or mappings", ""},
      {"include[].path", "a string or a list of strings", "files of this host only"},
      {"include[].env_file", "a string or a list of strings", ""},
      {"include[].project_directory", "a string", ""},
      {"x-*", "anything", "kept and printed; accepted in almost every object"},
  });
  for (const auto& [path, kind, note] : rows)
    all.push_back({std::string{path}, std::string{kind}, Support::loader, std::string{note}});
}

}  // namespace

std::vector<SupportedAttribute> supported_attributes() {
  std::vector<SupportedAttribute> all;
  add_loader_attributes(all);
  add_table("services.*.", table_of<model::Service>(), Support::honoured, {}, all);
  add_table("networks.*.", table_of<model::Network>(), Support::honoured, {}, all);
  add_table("volumes.*.", table_of<model::Volume>(), Support::honoured, {}, all);
  add_table("secrets.*.", secret_table(), Support::honoured, {}, all);
  add_table("configs.*.", config_table(), Support::honoured, {}, all);
  add_table("models.*.", table_of<model::AiModel>(), Support::ignored,
            "no model runner belongs to this program", all);
  return all;
}

std::string supported_attributes_page() {
  std::string page =
      "# Attributes of compose files\n\n"
      "Made from the loader's own tables by `attributes_page`; a test checks that it is current. Every "
      "attribute of the\n"
      "compose specification is read and checked. *Ignored* means: kept, printed by `compose config`, "
      "without effect here,\n"
      "and said so once on standard error.\n\n"
      "| attribute | value | here | note |\n| --- | --- | --- | --- |\n";
  for (const auto& attribute : supported_attributes())
    page += base::text("| `{}` | {} | {} | {} |\n", attribute.path, attribute.kind, word(attribute.support),
                       attribute.note);
  return page;
}

std::string supported_attributes_json() {
  model::Value::List list;
  for (const auto& attribute : supported_attributes()) {
    list.push_back(model::Value::Mapping{{"attribute", attribute.path},
                                         {"value", attribute.kind},
                                         {"support", std::string{word(attribute.support)}},
                                         {"note", attribute.note}});
  }
  return to_json_text(list);
}

}  // namespace compose::loader
