#include "compose/loader/node.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <compare>

namespace compose::loader {

namespace {

// Up to this many entries a linear search is faster than hashing.
constexpr std::size_t k_linear_entries = 24;

template <class Entries>
auto* find_entry(Entries& entries, std::string_view key) {
  const auto found = std::ranges::find_if(entries, [&](const Entry& e) { return e.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

}  // namespace

bool Node::operator==(const Node& other) const {
  // A value that is no number (".nan") is the same as itself here.
  return kind == other.kind && directive == other.directive && mark == other.mark &&
         integer == other.integer && std::is_eq(std::strong_order(floating, other.floating)) &&
         text == other.text && items == other.items && entries == other.entries;
}

bool Entry::operator==(const Entry& other) const {
  return key == other.key && key_mark == other.key_mark && value == other.value;
}

Node Node::string(std::string text, Mark mark) {
  Node node;
  node.kind = Kind::string;
  node.text = std::move(text);
  node.mark = mark;
  return node;
}

Node Node::boolean(bool value, Mark mark) {
  Node node;
  node.kind = Kind::boolean;
  node.integer = value ? 1 : 0;
  node.text = value ? "true" : "false";
  node.mark = mark;
  return node;
}

Node Node::of_integer(std::int64_t value, Mark mark) {
  Node node;
  node.kind = Kind::integer;
  node.integer = value;
  node.text = std::to_string(value);
  node.mark = mark;
  return node;
}

Node Node::mapping(Mark mark) {
  Node node;
  node.kind = Kind::mapping;
  node.mark = mark;
  return node;
}

Node Node::list(Mark mark) {
  Node node;
  node.kind = Kind::list;
  node.mark = mark;
  return node;
}

Node* Node::find(std::string_view key) {
  auto* entry = find_entry(entries, key);
  return entry ? &entry->value : nullptr;
}

const Node* Node::find(std::string_view key) const {
  const auto* entry = find_entry(entries, key);
  return entry ? &entry->value : nullptr;
}

Node& Node::set(std::string key, Node value, Mark key_mark) {
  if (auto* entry = find_entry(entries, key)) return entry->value = std::move(value);
  const Mark where = key_mark.known() ? key_mark : value.mark;
  return entries.emplace_back(Entry{std::move(key), where, std::move(value)}).value;
}

bool Node::remove(std::string_view key) {
  return std::erase_if(entries, [&](const Entry& e) { return e.key == key; }) != 0;
}

const Node* Node::find_path(std::initializer_list<std::string_view> keys) const {
  const Node* at = this;
  for (const auto key : keys) {
    if (!at->is(Kind::mapping)) return nullptr;
    at = at->find(key);
    if (!at) return nullptr;
  }
  return at;
}

EntryIndex::EntryIndex(std::vector<Entry>& entries) : entries_(entries) {
  if (entries_.size() <= k_linear_entries) return;
  positions_.reserve(entries_.size() * 2);
  for (std::size_t i = 0; i < entries_.size(); ++i) positions_.emplace(entries_[i].key, i);
}

Entry* EntryIndex::find(std::string_view key) {
  if (positions_.empty()) return find_entry(entries_, key);
  const auto found = positions_.find(std::string{key});
  return found == positions_.end() ? nullptr : &entries_[found->second];
}

Entry& EntryIndex::append(Entry entry) {
  entries_.push_back(std::move(entry));
  if (!positions_.empty()) {
    positions_.emplace(entries_.back().key, entries_.size() - 1);
  } else if (entries_.size() > k_linear_entries) {
    for (std::size_t i = 0; i < entries_.size(); ++i) positions_.emplace(entries_[i].key, i);
  }
  return entries_.back();
}

std::string_view describe(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "null";
    case Kind::boolean:
      return "a boolean";
    case Kind::integer:
      return "an integer";
    case Kind::floating:
      return "a number";
    case Kind::string:
      return "a string";
    case Kind::list:
      return "a list";
    case Kind::mapping:
      return "a mapping";
  }
  return "a value";
}

std::string go_float_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char digits[64];
  // Shortest digits that read back the same; as with %v, the exponent decides between the two notations.
  const auto scientific = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific);
  const std::string text(digits, scientific.ptr);
  const int exponent = std::stoi(text.substr(text.find('e') + 1));
  if (exponent < -4 || exponent >= 6) return text;
  const auto fixed = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
  return {digits, fixed.ptr};
}

std::string scalar_text(const Node& node) {
  switch (node.kind) {
    case Kind::boolean:
      return node.integer ? "true" : "false";
    case Kind::integer:
      return std::to_string(node.integer);
    case Kind::floating:
      return go_float_text(node.floating);
    default:
      return node.text;
  }
}

model::Value to_value(const Node& node) {
  switch (node.kind) {
    case Kind::null:
      return {};
    case Kind::boolean:
      return node.integer != 0;
    case Kind::integer:
      return node.integer;
    case Kind::floating:
      return node.floating;
    case Kind::string:
      return node.text;
    case Kind::list: {
      model::Value::List list;
      list.reserve(node.items.size());
      for (const auto& item : node.items) list.push_back(to_value(item));
      return list;
    }
    case Kind::mapping: {
      model::Value::Mapping mapping;
      mapping.reserve(node.entries.size());
      for (const auto& entry : node.entries) mapping.push_back({entry.key, to_value(entry.value)});
      return mapping;
    }
  }
  return {};
}

}  // namespace compose::loader
