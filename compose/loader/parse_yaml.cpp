#include "compose/loader/parse_yaml.hpp"

#include <algorithm>
#include <deque>
#include <istream>
#include <memory>
#include <optional>
#include <streambuf>
#include <unordered_map>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "base/text.hpp"
#include "compose/loader/quick_yaml.hpp"
#include "compose/loader/yaml_scalar.hpp"

namespace compose::loader {

namespace {

// Thrown through yaml-cpp to end a file whose problem is already reported.
struct StopReading {};

// Reads from memory without a copy.
class MemoryBuffer final : public std::streambuf {
 public:
  explicit MemoryBuffer(const std::string& text) {
    auto* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

std::size_t count_values(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += count_values(item);
  for (const auto& entry : node.entries) count += count_values(entry.value);
  return count;
}

std::size_t depth_of(const Node& node) {
  std::size_t deepest = 0;
  for (const auto& item : node.items) deepest = std::max(deepest, depth_of(item));
  for (const auto& entry : node.entries) deepest = std::max(deepest, depth_of(entry.value));
  return deepest + 1;
}

// Builds trees from yaml-cpp's events. A frame is a collection that is not closed yet.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::uint32_t source, Diagnostics& diagnostics) : source_(source), diagnostics_(diagnostics) {}

  std::vector<Node> take_documents() { return std::move(documents_); }

  // The library answers a character that can begin nothing ("}") with empty documents, again and again.
  void OnDocumentStart(const YAML::Mark& mark) override {
    anchors_.clear();
    if (document_start_ == mark.pos) stop(at(mark), "invalid YAML: nothing can begin with this character");
    document_start_ = mark.pos;
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.mark = at(mark);
    finish(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = Node::string(value, at(mark));
    apply_tag(node, tag);
    finish(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) stop(at(mark), "an anchored value contains itself");
    count(found->second.values, at(mark));
    if (frames_.size() + found->second.depth > k_deepest_level) too_deep(at(mark));
    accept(Node{found->second.node});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::list(at(mark)), tag, anchor);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::mapping(at(mark)), tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override {
    apply_merge_keys(frames_.back().node);
    close();
  }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor;
    std::unique_ptr<EntryIndex> index;  // over node.entries; mappings only
    bool key_expected = true;
    std::string key;
    Mark key_mark;
    std::vector<Node> merges;  // values of `<<`
  };
  struct Anchored {
    Node node;
    std::size_t values;
    std::size_t depth;
  };

  [[nodiscard]] Mark at(const YAML::Mark& mark) const {
    return {source_, static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
  }

  [[noreturn]] void stop(Mark mark, std::string message) {
    diagnostics_.error(mark, std::move(message));
    throw StopReading{};
  }

  [[noreturn]] void too_deep(Mark mark) {
    stop(mark, base::text("nested deeper than {} levels", k_deepest_level));
  }

  void count(std::size_t values, Mark mark) {
    values_ += values;
    if (values_ > k_most_values)
      stop(mark, base::text("more than {} values once aliases are expanded", k_most_values));
  }

  static void apply_tag(Node& node, const std::string& tag) {
    if (tag == "?") {
      resolve_plain_scalar(node);
    } else if (tag == "!reset") {
      resolve_plain_scalar(node);
      node.directive = Directive::reset;
    } else if (tag == "!override") {
      resolve_plain_scalar(node);
      node.directive = Directive::override_;
    } else if (tag.starts_with("tag:yaml.org,2002:") && tag != "tag:yaml.org,2002:str" &&
               tag != "tag:yaml.org,2002:binary") {
      resolve_plain_scalar(node);
    }
  }

  void open(Node node, const std::string& tag, YAML::anchor_t anchor) {
    if (tag == "!reset") node.directive = Directive::reset;
    if (tag == "!override") node.directive = Directive::override_;
    if (frames_.size() >= k_deepest_level) too_deep(node.mark);
    count(1, node.mark);
    frames_.push_back({std::move(node), anchor, nullptr, true, {}, {}, {}});
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    keep_anchor(frame.node, frame.anchor);
    accept(std::move(frame.node));
  }

  void finish(Node node, YAML::anchor_t anchor) {
    count(1, node.mark);
    keep_anchor(node, anchor);
    accept(std::move(node));
  }

  void keep_anchor(const Node& node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = {node, count_values(node), depth_of(node)};
  }

  // A complete value: the document, an element, a key, or the value of the key before it.
  void accept(Node node) {
    if (frames_.empty()) {
      documents_.push_back(std::move(node));
      return;
    }
    Frame& frame = frames_.back();
    if (node.is(Kind::null)) node.mark = frame.node.is(Kind::list) ? frame.node.mark : frame.key_mark;
    if (frame.node.is(Kind::list)) {
      frame.node.items.push_back(std::move(node));
    } else if (frame.key_expected) {
      take_key(frame, std::move(node));
    } else {
      take_value(frame, std::move(node));
    }
  }

  // An empty key comes without a place of its own.
  void take_key(Frame& frame, Node node) {
    if (node.is(Kind::null)) node.mark = frame.node.mark;
    if (!node.is(Kind::string)) {
      diagnostics_.error(node.mark, node.is_scalar()
                                        ? base::text("non-string key '{}', put it in quotes",
                                                     node.text.empty() ? "null" : node.text)
                                        : std::string{"a key must be a string, not a list or a mapping"});
    }
    frame.key = std::move(node.text);
    frame.key_mark = node.mark;
    frame.key_expected = false;
  }

  void take_value(Frame& frame, Node node) {
    frame.key_expected = true;
    if (frame.key == "<<") {
      frame.merges.push_back(std::move(node));
      return;
    }
    auto& entries = frame.node.entries;
    if (entries.size() >= k_indexed_entries && !frame.index)
      frame.index = std::make_unique<EntryIndex>(entries);
    const Entry* earlier = frame.index ? frame.index->find(frame.key) : nullptr;
    if (!frame.index)
      for (const auto& entry : entries)
        if (entry.key == frame.key) earlier = &entry;
    if (earlier) {
      diagnostics_.error(frame.key_mark, base::text("mapping key \"{}\" already defined at line {}",
                                                    frame.key, earlier->key_mark.line));
      return;
    }
    Entry entry{std::move(frame.key), frame.key_mark, std::move(node)};
    if (frame.index)
      frame.index->append(std::move(entry));
    else
      entries.push_back(std::move(entry));
  }

  // `<<: *a` and `<<: [*a, *b]`: local keys win, then the earlier of the list.
  void apply_merge_keys(Node& node) {
    auto merges = std::move(frames_.back().merges);
    for (auto& merge : merges) {
      if (merge.is(Kind::mapping)) {
        add_missing(node, merge);
      } else if (merge.is(Kind::list)) {
        for (auto& item : merge.items) {
          if (item.is(Kind::mapping))
            add_missing(node, item);
          else
            diagnostics_.error(item.mark,
                               "'<<' merges mappings only, this is " + std::string{describe(item.kind)});
        }
      } else {
        diagnostics_.error(merge.mark,
                           "'<<' merges mappings only, this is " + std::string{describe(merge.kind)});
      }
    }
  }

  static void add_missing(Node& node, Node& from) {
    EntryIndex index(node.entries);
    for (auto& entry : from.entries)
      if (!index.find(entry.key)) index.append(std::move(entry));
  }

  static constexpr std::size_t k_indexed_entries = 16;

  std::uint32_t source_;
  Diagnostics& diagnostics_;
  std::deque<Frame> frames_;  // a frame stays where it is while others come on top: its index points into it
  std::vector<Node> documents_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t values_ = 0;
  int document_start_ = -1;  // of the one before, in characters
};

// The offset of the first byte that is not text, if any: NUL, other control characters, damaged UTF-8.
struct BadByte {
  std::size_t offset;
  std::string message;
};

std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

std::optional<BadByte> find_bad_byte(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) return BadByte{i, "NUL byte in the file: not a text file"};
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
      return BadByte{i, base::text("control character {} in the file", static_cast<unsigned>(byte))};
    const auto length = utf8_length(byte);
    bool valid = length != 0 && i + length <= text.size();
    for (std::size_t k = 1; valid && k < length; ++k) valid = (text[i + k] & '\xC0') == '\x80';
    if (!valid) return BadByte{i, "bytes that are not UTF-8"};
    i += length;
  }
  return std::nullopt;
}

bool acceptable(const Sources& sources, std::uint32_t source, Diagnostics& diagnostics) {
  const auto& text = sources.text(source);
  if (text.size() > k_largest_file) {
    diagnostics.error({source, 0, 0}, base::text("the file is larger than {} MiB", k_largest_file >> 20U));
    return false;
  }
  if (const auto bad = find_bad_byte(text)) {
    diagnostics.error(sources.mark_at(source, bad->offset), bad->message);
    return false;
  }
  return true;
}

// The library's own words, but for an alias, which its versions name or do not name.
std::string message_of(const YAML::ParserException& e, std::string_view text) {
  if (!e.msg.starts_with("the referenced anchor is not defined")) return e.msg;
  auto name = text.substr(std::min(static_cast<std::size_t>(std::max(e.mark.pos, 0)), text.size()));
  if (name.starts_with('*')) name.remove_prefix(1);
  return base::text("no anchor before it is named '{}'", name.substr(0, name.find_first_of(" \t\r\n,]}")));
}

// Where the indentation of this line (from 1) has a tab: its column from 1; 0: nowhere.
std::uint32_t tab_in_indentation(std::string_view text, std::uint32_t line) {
  for (std::uint32_t i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return 0;
    text.remove_prefix(end + 1);
  }
  const auto indentation = text.substr(0, text.find_first_not_of(" \t"));
  return static_cast<std::uint32_t>(indentation.find('\t') + 1);  // npos + 1 is 0
}

// A tab before the place of the error is what is wrong, whatever the library makes of it.
bool blame_tab(std::string_view text, Mark mark, Diagnostics& diagnostics) {
  for (const auto line : {mark.line, mark.line - 1}) {
    const auto column = line > 0 ? tab_in_indentation(text, line) : 0;
    if (column == 0) continue;
    diagnostics.error({mark.source, line, column}, "tabs are not allowed in the indentation, use blanks");
    return true;
  }
  return false;
}

}  // namespace

std::vector<Node> parse_yaml(const Sources& sources, std::uint32_t source, Diagnostics& diagnostics) {
  if (!acceptable(sources, source, diagnostics)) return {};
  if (auto documents = parse_quickly(sources, source)) return *std::move(documents);
  return parse_with_library(sources, source, diagnostics);
}

std::vector<Node> parse_with_library(const Sources& sources, std::uint32_t source, Diagnostics& diagnostics) {
  TreeBuilder builder(source, diagnostics);
  try {
    MemoryBuffer buffer(sources.text(source));
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const StopReading&) {
    return {};
  } catch (const YAML::ParserException& e) {
    const Mark mark{source, static_cast<std::uint32_t>(e.mark.line + 1),
                    static_cast<std::uint32_t>(e.mark.column + 1)};
    if (!blame_tab(sources.text(source), mark, diagnostics))
      diagnostics.error(mark, "invalid YAML: " + message_of(e, sources.text(source)));
    return {};
  }
  return builder.take_documents();
}

}  // namespace compose::loader
