#include "compose/loader/key_path.hpp"

namespace compose::loader {

std::string KeyPath::text() const {
  if (!parent_) return {};
  std::string text = parent_->text();
  if (is_index_) return text + "[" + std::to_string(index_) + "]";
  if (!text.empty()) text += '.';
  return text += key_;
}

PatternTable::PatternTable() : nodes_(1) {}

PatternTable::Place PatternTable::grow(Place place, std::string_view key) {
  const auto fresh = static_cast<Place>(nodes_.size());
  if (key == "*") {
    if (nodes_[at(place)].any != k_none) return nodes_[at(place)].any;
    nodes_[at(place)].any = fresh;
  } else {
    for (const auto& step : nodes_[at(place)].steps)
      if (step.key == key) return step.place;
    nodes_[at(place)].steps.push_back({std::string{key}, fresh});
  }
  nodes_.emplace_back();
  return fresh;
}

void PatternTable::add(std::string_view pattern, int rule) {
  Place place = root();
  while (!pattern.empty()) {
    const auto dot = pattern.find('.');
    place = grow(place, pattern.substr(0, dot));
    pattern.remove_prefix(dot == std::string_view::npos ? pattern.size() : dot + 1);
  }
  nodes_[at(place)].rule = rule;
}

PatternTable::Place PatternTable::child(Place place, std::string_view key) const {
  if (place == k_none) return k_none;
  const auto& node = nodes_[at(place)];
  for (const auto& step : node.steps)
    if (step.key == key) return step.place;
  return node.any;
}

}  // namespace compose::loader
