#pragma once
// Where a walk stands in the model ("services.web.ports[0]"), and tables of rules that apply at places of the
// model ("services.*.ports"). A walk goes down the tree and the table together, so finding the rule of a node
// costs nothing.
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace compose::loader {

// One step of a walk; lives on the stack of the recursion. The outermost step is KeyPath{}.
class KeyPath {
 public:
  KeyPath() = default;
  KeyPath(const KeyPath& parent, std::string_view key) : parent_(&parent), key_(key) {}
  KeyPath(const KeyPath& parent, std::size_t index) : parent_(&parent), index_(index), is_index_(true) {}
  [[nodiscard]] std::string text() const;

 private:
  const KeyPath* parent_ = nullptr;
  std::string_view key_;
  std::size_t index_ = 0;
  bool is_index_ = false;
};

// Patterns are dotted keys; '*' stands for any key and for any list element. Built once, then only read.
class PatternTable {
 public:
  static constexpr int k_none = -1;
  using Place = int;  // of a walk; k_none: no pattern continues here

  PatternTable();
  void add(std::string_view pattern, int rule);
  [[nodiscard]] static constexpr Place root() { return 0; }
  [[nodiscard]] Place child(Place place, std::string_view key) const;
  [[nodiscard]] Place element(Place place) const { return place == k_none ? k_none : nodes_[at(place)].any; }
  [[nodiscard]] int rule(Place place) const { return place == k_none ? k_none : nodes_[at(place)].rule; }

 private:
  struct Step {
    std::string key;
    Place place;
  };
  struct TableNode {
    std::vector<Step> steps;
    Place any = k_none;
    int rule = k_none;
  };
  static std::size_t at(Place place) { return static_cast<std::size_t>(place); }
  Place grow(Place place, std::string_view key);
  std::vector<TableNode> nodes_;
};

}  // namespace compose::loader
