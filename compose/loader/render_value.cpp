#include "compose/loader/render_value.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/overloaded.hpp"
#include "compose/loader/yaml_scalar.hpp"

namespace compose::loader {

namespace {

using model::Value;

std::string yaml_float(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  return go_float_text(value);
}

// JSON has two notations as well; the border is where JavaScript has it.
std::string json_float(double value) {
  if (!std::isfinite(value)) return "null";
  char digits[64];
  const double size = std::abs(value);
  const bool scientific = size != 0 && (size < 1e-6 || size >= 1e21);
  const auto end = std::to_chars(digits, digits + sizeof digits, value,
                                 scientific ? std::chars_format::scientific : std::chars_format::fixed)
                       .ptr;
  return {digits, end};
}

std::string escaped(std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (result += '\\') += c;
    else if (c == '\n')
      result += "\\n";
    else if (c == '\t')
      result += "\\t";
    else if (c == '\r')
      result += "\\r";
    else if (byte < 0x20 || byte == 0x7F)
      (((result += "\\u00") += hex[byte >> 4U]) += hex[byte & 15U]);
    else
      result += c;
  }
  return result += '"';
}

// Words that YAML 1.1 readers take for booleans: y, yes, on, ...
bool is_old_boolean(std::string_view text) {
  static constexpr std::string_view words[] = {"y", "Y", "yes", "Yes", "YES", "on",  "On",  "ON",
                                               "n", "N", "no",  "No",  "NO",  "off", "Off", "OFF"};
  return std::ranges::find(words, text) != std::end(words);
}

// 12:30, 1:02:03.5: numbers to base 60 in YAML 1.1
bool is_base_60(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789:.+-_") == std::string_view::npos && text[0] != ':' &&
         text.back() != ':' && text[0] != '.';
}

bool is_date(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() >= 8 && std::ranges::all_of(text.substr(0, 4), is_digit) && text[4] == '-' &&
         is_digit(text[5]) && text.find('-', 5) != std::string_view::npos;
}

bool reads_as_other_kind(const std::string& text) {
  // Most texts start like no number, boolean or null; the rest is looked at closely.
  static constexpr std::string_view suspicious = "0123456789+-.~nNtTfFyYoO<=";
  if (suspicious.find(text[0]) == std::string_view::npos) return false;
  Node node = Node::string(text, {});
  resolve_plain_scalar(node);
  return !node.is(Kind::string) || is_old_boolean(text) || is_base_60(text) || is_date(text) ||
         text == "<<" || text == "=";
}

// Whether the text can stand without quotes in block style.
bool is_plain(std::string_view text) {
  static constexpr std::string_view indicators = "-?:,[]{}#&*!|>'\"%@`";
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.starts_with("---") ||
      text.starts_with("..."))
    return false;
  if (indicators.find(text[0]) != std::string_view::npos) {
    const bool needs_blank = text[0] == '-' || text[0] == '?' || text[0] == ':';
    if (!needs_blank || text.size() == 1 || text[1] == ' ') return false;
  }
  if (text.back() == ':' || text.find(": ") != std::string_view::npos ||
      text.find(" #") != std::string_view::npos)
    return false;
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
}

bool is_printable_block(std::string_view text) {
  return std::ranges::all_of(
      text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t'; });
}

class YamlWriter {
 public:
  std::string run(const Value& value) {
    block(value, 0, true);
    return std::move(out_);
  }

 private:
  void indent(std::size_t level) { out_.append(level * 2, ' '); }

  void string(const std::string& text, std::size_t level) {
    if (text.find('\n') != std::string::npos && is_printable_block(text) &&
        text.find_first_not_of("\n") != std::string::npos)
      return literal(text, level);
    if (is_plain(text) && !reads_as_other_kind(text))
      out_ += text;
    else if (is_plain(text) && !is_old_boolean(text))
      out_ += escaped(text);
    else if (!text.empty() && is_printable_block(text) && text.find_first_of("\n\t") == std::string::npos)
      single_quoted(text);
    else
      out_ += escaped(text);
    out_ += '\n';
  }

  void single_quoted(const std::string& text) {
    out_ += '\'';
    for (const char c : text) (out_ += c) += c == '\'' ? "'" : "";
    out_ += '\'';
  }

  void literal(const std::string& text, std::size_t level) {
    out_ += '|';
    if (text[0] == ' ' || text[0] == '\n') out_ += '2';
    if (!text.ends_with('\n'))
      out_ += '-';
    else if (text.ends_with("\n\n") || text == "\n")
      out_ += '+';
    out_ += '\n';
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      const auto line = rest.substr(0, end);
      if (!line.empty()) indent(level);
      (out_ += line) += '\n';
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
  }

  void scalar(const Value& value, std::size_t level) {
    std::visit(base::overloaded{
                   [&](std::monostate) { out_ += "null\n"; },
                   [&](bool b) { out_ += b ? "true\n" : "false\n"; },
                   [&](std::int64_t i) { (out_ += std::to_string(i)) += '\n'; },
                   [&](double d) { (out_ += yaml_float(d)) += '\n'; },
                   [&](const std::string& s) { string(s, level); },
                   [&](const Value::List&) { out_ += "[]\n"; },
                   [&](const Value::Mapping&) { out_ += "{}\n"; },
               },
               value.data);
  }

  static bool is_block(const Value& value) {
    return (value.list() && !value.list()->empty()) || (value.mapping() && !value.mapping()->empty());
  }

  // `fresh`: at the start of a line; otherwise behind "- ".
  void block(const Value& value, std::size_t level, bool fresh) {
    if (!is_block(value)) return scalar(value, level);
    if (const auto* list = value.list()) {
      for (const auto& item : *list) {
        if (fresh) indent(level);
        fresh = true;
        out_ += "- ";
        block(item, level + 1, false);
      }
      return;
    }
    for (const auto& member : *value.mapping()) {
      if (fresh) indent(level);
      fresh = true;
      key(member.key);
      if (is_block(member.value)) {
        out_ += '\n';
        block(member.value, level + 1, true);
      } else {
        out_ += ' ';
        scalar(member.value, level + 1);
      }
    }
  }

  void key(const std::string& text) {
    if (is_plain(text) && !reads_as_other_kind(text))
      out_ += text;
    else if (is_plain(text) || text.find_first_of("\n\t") != std::string::npos || text.empty())
      out_ += escaped(text);
    else
      single_quoted(text);
    out_ += ':';
  }

  std::string out_;
};

class JsonWriter {
 public:
  std::string run(const Value& value) {
    write(value, 0);
    return std::move(out_);
  }

 private:
  void line(std::size_t level) {
    out_ += '\n';
    out_.append(level * 2, ' ');
  }

  template <class Container, class F>
  void collection(const Container& container, char open, char close, std::size_t level, F&& each) {
    out_ += open;
    for (std::size_t i = 0; i < container.size(); ++i) {
      if (i != 0) out_ += ',';
      line(level + 1);
      each(container[i]);
    }
    if (!container.empty()) line(level);
    out_ += close;
  }

  void write(const Value& value, std::size_t level) {
    std::visit(base::overloaded{
                   [&](std::monostate) { out_ += "null"; },
                   [&](bool b) { out_ += b ? "true" : "false"; },
                   [&](std::int64_t i) { out_ += std::to_string(i); },
                   [&](double d) { out_ += json_float(d); },
                   [&](const std::string& s) { out_ += escaped(s); },
                   [&](const Value::List& list) {
                     collection(list, '[', ']', level, [&](const Value& item) { write(item, level + 1); });
                   },
                   [&](const Value::Mapping& mapping) {
                     collection(mapping, '{', '}', level, [&](const model::Member& member) {
                       (out_ += escaped(member.key)) += ": ";
                       write(member.value, level + 1);
                     });
                   },
               },
               value.data);
  }

  std::string out_;
};

// Calls f on every value below, children first.
template <class F>
void each_value(Value& value, F&& f) {
  if (auto* list = std::get_if<Value::List>(&value.data))
    for (auto& item : *list) each_value(item, f);
  if (auto* mapping = std::get_if<Value::Mapping>(&value.data))
    for (auto& member : *mapping) each_value(member.value, f);
  f(value);
}

}  // namespace

std::string to_yaml(const Value& value) {
  return YamlWriter{}.run(value);
}

std::string to_json_text(const Value& value) {
  return JsonWriter{}.run(value) + "\n";
}

void sort_keys(Value& value) {
  each_value(value, [](Value& v) {
    if (auto* mapping = std::get_if<Value::Mapping>(&v.data))
      std::ranges::sort(*mapping, {}, &model::Member::key);
  });
}

void escape_dollars(Value& value) {
  each_value(value, [](Value& v) {
    auto* text = std::get_if<std::string>(&v.data);
    if (!text) return;
    for (auto at = text->find('$'); at != std::string::npos; at = text->find('$', at + 2))
      text->insert(at, 1, '$');
  });
}

}  // namespace compose::loader
