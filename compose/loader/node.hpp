#pragma once
// A YAML value that knows where it stands. Every phase up to reading the model works on a tree of these. A
// value: copying copies the tree. Depth and number of nodes are bounded by parse_yaml, so recursion over a
// tree is safe.
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compose/loader/source.hpp"
#include "compose/model/value.hpp"

namespace compose::loader {

enum class Kind : std::uint8_t { null, boolean, integer, floating, string, list, mapping };

// `!reset` and `!override`: what to do with the value under this one when merging.
enum class Directive : std::uint8_t { none, reset, override_ };

struct Entry;

struct Node {
  Kind kind = Kind::null;
  Directive directive = Directive::none;
  bool broken = false;        // a problem was reported here: later phases leave it alone
  bool interpolated = false;  // the text differs from what the file says
  Mark mark;
  std::int64_t integer = 0;  // boolean, integer
  double floating = 0;
  std::string text;            // string: its content; other scalars: as written
  std::vector<Node> items;     // list
  std::vector<Entry> entries;  // mapping, in order of appearance

  static Node string(std::string text, Mark mark);
  static Node boolean(bool value, Mark mark);
  static Node of_integer(std::int64_t value, Mark mark);
  static Node mapping(Mark mark);
  static Node list(Mark mark);

  bool operator==(const Node& other) const;  // marks and all
  [[nodiscard]] bool is(Kind k) const noexcept { return kind == k; }
  [[nodiscard]] bool is_scalar() const noexcept { return kind != Kind::list && kind != Kind::mapping; }

  [[nodiscard]] Node* find(std::string_view key);
  [[nodiscard]] const Node* find(std::string_view key) const;
  Node& set(std::string key, Node value, Mark key_mark = {});  // replaces or appends
  bool remove(std::string_view key);
  // The node at "a.b.c"; nullptr where there is none.
  [[nodiscard]] const Node* find_path(std::initializer_list<std::string_view> keys) const;
};

struct Entry {
  std::string key;
  Mark key_mark;
  Node value;
  bool operator==(const Entry& other) const;
};

// Finds entries by key in constant time while a mapping grows; for mappings of any size.
class EntryIndex {
 public:
  explicit EntryIndex(std::vector<Entry>& entries);
  [[nodiscard]] Entry* find(std::string_view key);
  Entry& append(Entry entry);

 private:
  std::vector<Entry>& entries_;
  std::unordered_map<std::string, std::size_t> positions_;  // filled for large mappings only
};

std::string_view describe(Kind kind);  // "a list"

// As Go's %v prints a scalar: true, 1, 1e+06, text.
std::string scalar_text(const Node& node);
std::string go_float_text(double value);

model::Value to_value(const Node& node);

}  // namespace compose::loader
