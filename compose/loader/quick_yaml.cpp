#include "compose/loader/quick_yaml.hpp"

#include <optional>

#include "compose/loader/parse_yaml.hpp"
#include "compose/loader/yaml_scalar.hpp"

namespace compose::loader {

namespace {

struct Unusual {};

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool starts_key(char c) {
  return is_letter_or_digit(c) || c == '_' || c == '.' || c == '/';
}
bool continues_key(char c) {
  return starts_key(c) || c == '-';
}
bool is_indicator(char c) {
  return std::string_view{"?:,[]{}#&*!|>'\"%@`"}.find(c) != std::string_view::npos;
}

class QuickParser {
 public:
  QuickParser(std::string_view text, std::uint32_t source) : text_(text), source_(source) {}

  std::vector<Node> run() {
    if (text_.find_first_of("\t\r") != std::string_view::npos || text_.starts_with("\xEF\xBB\xBF"))
      throw Unusual{};
    next_line();
    std::vector<Node> documents;
    if (!has_line_) return documents;
    documents.push_back(block(indent_));
    if (has_line_) throw Unusual{};
    return documents;
  }

 private:
  // ---- lines ----

  // To the next line that holds more than blanks and a comment.
  void next_line() {
    for (;;) {
      has_line_ = next_ < text_.size();
      if (!has_line_) return;
      start_ = next_;
      ++line_;
      const auto end = text_.find('\n', start_);
      end_ = end == std::string_view::npos ? text_.size() : end;
      next_ = end_ + 1;
      at_ = start_;
      skip_blanks();
      indent_ = at_ - start_;
      if (at_ < end_ && text_[at_] != '#') return;
    }
  }

  void skip_blanks() {
    while (at_ < end_ && text_[at_] == ' ') ++at_;
  }

  [[nodiscard]] char here(std::size_t ahead = 0) const {
    return at_ + ahead < end_ ? text_[at_ + ahead] : '\n';
  }
  [[nodiscard]] bool at_blank(std::size_t ahead) const { return here(ahead) == ' ' || here(ahead) == '\n'; }
  [[nodiscard]] bool at_dash() const { return here() == '-' && at_blank(1); }
  [[nodiscard]] Mark mark() const { return {source_, line_, static_cast<std::uint32_t>(at_ - start_ + 1)}; }

  // Skips blanks; true when nothing but a comment follows on this line.
  bool at_line_end() {
    const auto before = at_;
    skip_blanks();
    return at_ == end_ || (text_[at_] == '#' && at_ > before);
  }

  void count() {
    if (++values_ > k_most_values) throw Unusual{};
  }

  // ---- blocks ----

  Node block(std::size_t indent) {
    if (++depth_ >= k_deepest_level) throw Unusual{};
    Node node = at_dash() ? sequence(indent) : mapping(indent);
    --depth_;
    return node;
  }

  Node mapping(std::size_t indent) {
    count();
    Node node = Node::mapping(mark());
    EntryIndex index(node.entries);
    while (has_line_ && indent_ == indent && !at_dash()) {
      const Mark key_mark = mark();
      std::string key = block_key();
      if (index.find(key)) throw Unusual{};
      Node value = block_value(indent, true);
      if (value.is(Kind::null)) value.mark = key_mark;
      index.append({std::move(key), key_mark, std::move(value)});
    }
    if (has_line_ && indent_ >= indent) throw Unusual{};
    return node;
  }

  Node sequence(std::size_t indent) {
    count();
    Node node = Node::list(mark());
    while (has_line_ && indent_ == indent && at_dash()) {
      ++at_;
      Node item = starts_compact_mapping() ? compact_mapping() : block_value(indent, false);
      if (item.is(Kind::null)) item.mark = node.mark;
      node.items.push_back(std::move(item));
    }
    if (has_line_ && indent_ > indent) throw Unusual{};
    return node;
  }

  // "- key: value" with further keys in the column of the first.
  Node compact_mapping() {
    skip_blanks();
    indent_ = at_ - start_;
    if (++depth_ >= k_deepest_level) throw Unusual{};
    Node node = mapping(indent_);
    --depth_;
    return node;
  }

  bool starts_compact_mapping() {
    const auto before = at_;
    skip_blanks();
    std::size_t end = at_;
    while (end < end_ && continues_key(text_[end])) ++end;
    const bool is_key = end > at_ && starts_key(text_[at_]) && end < end_ && text_[end] == ':' &&
                        (end + 1 == end_ || text_[end + 1] == ' ');
    at_ = before;
    return is_key;
  }

  // What follows "key:" or "-": on the same line, or a block below.
  Node block_value(std::size_t indent, bool of_key) {
    if (at_line_end()) {
      next_line();
      if (has_line_ && indent_ > indent) return block(indent_);
      if (has_line_ && indent_ == indent && of_key && at_dash()) return block(indent_);
      count();
      return {};
    }
    Node value = inline_value();
    if (!at_line_end()) throw Unusual{};
    next_line();
    if (has_line_ && indent_ > indent) throw Unusual{};
    return value;
  }

  std::string block_key() {
    std::string key = here() == '"' || here() == '\'' ? quoted().text : plain_key();
    if (here() != ':' || !at_blank(1)) throw Unusual{};
    ++at_;
    return key;
  }

  std::string plain_key() {
    if (!starts_key(here())) throw Unusual{};
    Node key;
    while (continues_key(here())) key.text += text_[at_++];
    resolve_plain_scalar(key);
    if (!key.is(Kind::string)) throw Unusual{};
    return std::move(key.text);
  }

  // ---- values on one line ----

  Node inline_value() {
    if (auto node = quoted_or_flow()) return std::move(*node);
    return plain();
  }

  std::optional<Node> quoted_or_flow() {
    switch (here()) {
      case '"':
      case '\'':
        return quoted();
      case '[':
      case '{':
        return flow_collection();
      default:
        return std::nullopt;
    }
  }

  Node quoted() {
    count();
    const Mark where = mark();
    const char quote = here();
    const auto end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos || end >= end_) throw Unusual{};
    const auto content = text_.substr(at_ + 1, end - at_ - 1);
    if (quote == '"' && content.find('\\') != std::string_view::npos) throw Unusual{};
    at_ = end + 1;
    if (here() == quote) throw Unusual{};
    return Node::string(std::string{content}, where);
  }

  Node scalar(std::string_view content, Mark where) {
    count();
    while (content.ends_with(' ')) content.remove_suffix(1);
    if (content.empty()) throw Unusual{};
    Node node = Node::string(std::string{content}, where);
    resolve_plain_scalar(node);
    if (node.is(Kind::null)) {
      node = {};
      node.mark = where;
    }
    return node;
  }

  Node plain() {
    if (is_indicator(here()) || at_dash()) throw Unusual{};
    const Mark where = mark();
    const auto rest = text_.substr(at_, end_ - at_);
    const auto content = rest.substr(0, rest.find(" #"));
    if (content.find(": ") != std::string_view::npos || content.ends_with(':')) throw Unusual{};
    at_ += content.size();
    return scalar(content, where);
  }

  Node flow_collection() {
    if (++depth_ >= k_deepest_level) throw Unusual{};
    Node node = here() == '[' ? flow_list() : flow_mapping();
    --depth_;
    return node;
  }

  Node flow_value() {
    if (auto node = quoted_or_flow()) return std::move(*node);
    const Mark where = mark();
    const auto start = at_;
    if (is_indicator(here()) || at_dash()) throw Unusual{};
    while (at_ < end_ && text_[at_] != ',' && text_[at_] != ']' && text_[at_] != '}') {
      if (is_indicator(text_[at_])) throw Unusual{};
      ++at_;
    }
    return scalar(text_.substr(start, at_ - start), where);
  }

  // After an element: true when another follows.
  bool flow_continues(char close) {
    skip_blanks();
    const char next = here();
    ++at_;
    if (next == close) return false;
    if (next != ',') throw Unusual{};
    skip_blanks();
    if (here() == close) throw Unusual{};
    return true;
  }

  Node flow_list() {
    count();
    Node node = Node::list(mark());
    ++at_;
    skip_blanks();
    if (here() == ']') {
      ++at_;
      return node;
    }
    do {
      Node item = flow_value();
      if (item.is(Kind::null)) item.mark = node.mark;
      node.items.push_back(std::move(item));
    } while (flow_continues(']'));
    return node;
  }

  Node flow_mapping() {
    count();
    Node node = Node::mapping(mark());
    EntryIndex index(node.entries);
    ++at_;
    skip_blanks();
    if (here() == '}') {
      ++at_;
      return node;
    }
    do {
      const Mark key_mark = mark();
      std::string key = here() == '"' || here() == '\'' ? quoted().text : plain_key();
      if (here() != ':' || here(1) != ' ' || index.find(key)) throw Unusual{};
      ++at_;
      skip_blanks();
      if (here() == ',' || here() == '}' || here() == '\n') throw Unusual{};
      Node value = flow_value();
      if (value.is(Kind::null)) value.mark = key_mark;
      index.append({std::move(key), key_mark, std::move(value)});
    } while (flow_continues('}'));
    return node;
  }

  std::string_view text_;
  std::uint32_t source_;
  std::size_t next_ = 0;   // start of the next line
  std::size_t start_ = 0;  // of this line
  std::size_t end_ = 0;
  std::size_t at_ = 0;
  std::size_t indent_ = 0;
  std::uint32_t line_ = 0;
  bool has_line_ = false;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

}  // namespace

std::optional<std::vector<Node>> parse_quickly(const Sources& sources, std::uint32_t source) {
  try {
    return QuickParser{sources.text(source), source}.run();
  } catch (const Unusual&) {
    return std::nullopt;
  }
}

}  // namespace compose::loader
