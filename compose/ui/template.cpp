#include "compose/ui/template.hpp"

#include <algorithm>
#include <cctype>

#include "base/error.hpp"

namespace compose::ui {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size();
    if (escape && text[i + 1] == 't')
      out += '\t', ++i;
    else if (escape && text[i + 1] == 'n')
      out += '\n', ++i;
    else
      out += text[i];
  }
  return out;
}

std::string json_string(std::string_view text) {
  static constexpr std::string_view k_hex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20)
      out += "\\u00", out += k_hex[byte >> 4U], out += k_hex[byte & 15U];
    else
      out += c;
  }
  return out + "\"";
}

std::string transform_value(const std::string& function, std::string value) {
  const auto upper = [](char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); };
  const auto lower = [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); };
  if (function == "json") return json_string(value);
  if (function == "upper") std::ranges::transform(value, value.begin(), upper);
  if (function == "lower") std::ranges::transform(value, value.begin(), lower);
  if (function == "title" && !value.empty()) value[0] = upper(value[0]);
  return value;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c != ' ' && c != '\t')
      word += c;
    else if (!word.empty())
      words.push_back(std::exchange(word, {}));
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

}  // namespace

Template::Template(std::string_view format) {
  if (format.starts_with("table ")) {
    table_ = true;
    format.remove_prefix(6);
  }
  while (!format.empty()) {
    const auto open = format.find("{{");
    if (open != 0) parts_.push_back({.literal = unescape(format.substr(0, open))});
    if (open == std::string_view::npos) return;
    const auto close = format.find("}}", open);
    if (close == std::string_view::npos) base::fail("format \"{}\": unclosed action", format);
    parse_action(format.substr(open + 2, close - open - 2));
    format.remove_prefix(close + 2);
  }
}

void Template::parse_action(std::string_view action) {
  static constexpr std::string_view k_functions[] = {"json", "upper", "lower", "title"};
  const auto words = words_of(action);
  const bool plain = words.size() == 1 && words[0].starts_with('.');
  const bool call =
      words.size() == 2 && words[1].starts_with('.') && std::ranges::count(k_functions, words[0]) == 1;
  if (!plain && !call)
    base::fail(
        "format: action \"{}\" is not supported: use fields such as .Name, and json, upper, lower, title of "
        "one",
        action);
  const std::string& field = words.back();
  if (field == "." && words.front() != "json")
    base::fail("format: \"{}\": only json takes the whole object", action);
  parts_.push_back({.field = field == "." ? field : field.substr(1), .function = call ? words.front() : ""});
}

std::string Template::render(const TemplateObject& object) const {
  std::string out;
  for (const auto& part : parts_) {
    if (part.field.empty()) {
      out += part.literal;
    } else if (part.field == ".") {
      out += object.json;
    } else {
      const auto found =
          std::ranges::find(object.fields, part.field, &std::pair<std::string, std::string>::first);
      if (found == object.fields.end()) base::fail("format: there is no field \"{}\"", part.field);
      out += transform_value(part.function, found->second);
    }
  }
  return out;
}

std::vector<std::string> Template::header() const {
  std::vector<std::string> header;
  for (const auto& part : parts_)
    if (!part.field.empty()) header.push_back(transform_value("upper", part.field));
  return header;
}

std::vector<std::string> Template::cells(const TemplateObject& object) const {
  std::vector<std::string> cells{""};
  for (const char c : render(object)) {
    if (c == '\t')
      cells.emplace_back();
    else
      cells.back() += c;
  }
  return cells;
}

}  // namespace compose::ui
