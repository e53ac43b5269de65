#include "compose/loader/record.hpp"

namespace compose::loader {

const Row* Table::find(std::string_view key) const {
  for (const auto& row : rows)
    if (row.key == key) return &row;
  return nullptr;
}

void Reader::fail(const Node& node, const KeyPath& path, std::string_view why) {
  if (!diagnostics_.full()) diagnostics_.error(node.mark, base::text("{}: {}", path.text(), why));
}

void Reader::expect(const Node& node, const KeyPath& path, std::string_view wanted) {
  if (node.broken) return;
  const bool has_article = wanted.starts_with("a ") || wanted.starts_with("an ");
  auto why =
      base::text("must be {}{}, not {}", has_article ? "" : "of the kind ", wanted, describe(node.kind));
  if (node.is_scalar() && !node.is(Kind::null) && node.text.size() < 60)
    why += base::text(" '{}'", node.text);
  const bool quotes_help = wanted == "a string" && node.is_scalar() && !node.is(Kind::null);
  if (quotes_help) why += "; put it in quotes";
  if (node.is(Kind::null)) why += "; give it a value or remove the key";
  fail(node, path, why);
}

void Reader::read_record(const Node& node, const KeyPath& path, const Table& table, void* record) {
  if (node.broken) return;
  if (!node.is(Kind::mapping)) return expect(node, path, "a mapping");
  for (const auto& entry : node.entries) {
    const Row* row = table.find(entry.key);
    if (!row) {
      if (entry.key.starts_with("x-") && table.extensions) {
        table.extensions(record)->push_back({entry.key, to_value(entry.value)});
      } else {
        unknown_key(entry, path, table);
      }
      continue;
    }
    if (entry.value.broken) continue;
    if (entry.value.is(Kind::null) && !row->nullable) {
      expect(entry.value, KeyPath{path, entry.key}, row->kind);
      continue;
    }
    if (row->support == Support::ignored) note_ignored(entry, path, *row);
    row->read(*this, entry.value, KeyPath{path, entry.key}, record);
  }
  for (const auto key : table.required)
    if (!node.find(key)) fail(node, path, base::text("missing key '{}'", key));
}

void Reader::unknown_key(const Entry& entry, const KeyPath& path, const Table& table) {
  if (diagnostics_.full()) return;
  std::vector<std::string_view> keys;
  for (const auto& row : table.rows) keys.push_back(row.key);
  const auto where = path.text();
  diagnostics_.error(entry.key_mark, base::text("{}{}unknown key '{}'{}", where, where.empty() ? "" : ": ",
                                                entry.key, suggestion(entry.key, keys)));
}

void Reader::note_ignored(const Entry& entry, const KeyPath& path, const Row& row) {
  if (entry.value.is(Kind::null) || !warned_.insert(&row).second) return;
  diagnostics_.warn(entry.key_mark,
                    base::text("{} has no effect here{}{}, ignoring", KeyPath{path, entry.key}.text(),
                               row.note.empty() ? "" : ": ", row.note));
}

model::Value Writer::write_record(const Table& table, const void* record) const {
  model::Value::Mapping mapping;
  for (const auto& row : table.rows) {
    model::Value value;
    if (row.write(*this, record, value)) mapping.push_back({std::string{row.key}, std::move(value)});
  }
  if (table.extensions && !json_) {
    for (const auto& extension : *table.extensions(const_cast<void*>(record))) mapping.push_back(extension);
  }
  return mapping;
}

}  // namespace compose::loader
