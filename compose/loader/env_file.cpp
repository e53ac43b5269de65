#include "compose/loader/env_file.hpp"

#include <algorithm>

#include "compose/loader/template.hpp"

namespace compose::loader {

namespace {

constexpr std::string_view k_byte_order_mark = "\xEF\xBB\xBF";

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}
bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// Letters and digits of any script: everything beyond ASCII is taken as one.
bool belongs_to_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '-' || c == '[' || c == ']' || (c & '\x80') != 0;
}

std::string_view trim_end(std::string_view s) {
  while (!s.empty() && (is_blank(s.back()) || s.back() == '\n')) s.remove_suffix(1);
  return s;
}

struct Damage {
  std::size_t offset;
  std::string message;
};

// \n, \t, ... and \0NNN become the character; "\$" becomes "$$", which interpolation takes for a dollar.
std::string expand_escapes(std::string_view text) {
  static constexpr std::string_view letters = "abfnrtv\\\"";
  static constexpr std::string_view characters = "\a\b\f\n\r\t\v\\\"";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (const auto found = letters.find(next); next != '\0' && found != std::string_view::npos) {
      result += characters[found];
      ++i;
    } else if (next == '$') {
      result += "$$";
      ++i;
    } else if (next == '0') {
      unsigned value = 0;
      std::size_t end = i + 2;
      while (end < text.size() && end < i + 5 && is_octal(text[end]))
        value = value * 8 + static_cast<unsigned>(text[end++] - '0');
      result += static_cast<char>(value);
      i = end - 1;
    } else {
      result += text[i];
    }
  }
  return result;
}

class EnvFileParser {
 public:
  EnvFileParser(std::string_view text, const EnvFileReader& reader) : text_(text), reader_(reader) {
    context_.lookup = [this](std::string_view name) { return known(name); };
    context_.on_unset = [this](std::string_view name) { unset_.emplace_back(name); };
    if (text_.starts_with(k_byte_order_mark)) at_ = k_byte_order_mark.size();
  }

  Assignments run() {
    if (const auto zero = text_.find('\0'); zero != std::string_view::npos)
      throw Damage{zero, "NUL byte in the file"};
    while (skip_to_statement()) statement();
    return std::move(found_);
  }

  Assignments run_raw() {
    while (at_ < text_.size()) {
      const auto end = std::min(text_.find('\n', at_), text_.size());
      auto line = text_.substr(at_, end - at_);
      if (line.ends_with('\r')) line.remove_suffix(1);
      const auto start = std::min(line.find_first_not_of(" \t"), line.size());
      raw_line(line.substr(start), at_ + start);
      at_ = end + 1;
    }
    return std::move(found_);
  }

  [[nodiscard]] const std::vector<std::string>& unset() const { return unset_; }

 private:
  [[nodiscard]] std::optional<std::string> known(std::string_view name) const {
    if (auto value = reader_.lookup(name)) return value;
    const auto last =
        std::find_if(found_.rbegin(), found_.rend(), [&](const auto& a) { return a.first == name; });
    if (last != found_.rend()) return last->second;
    return reader_.fallback ? reader_.fallback(name) : std::nullopt;
  }

  bool skip_to_statement() {
    for (;;) {
      while (at_ < text_.size() && (is_blank(text_[at_]) || text_[at_] == '\n')) ++at_;
      if (at_ >= text_.size()) return false;
      if (text_[at_] != '#') return true;
      at_ = std::min(text_.find('\n', at_), text_.size());
    }
  }

  void skip_blanks() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
  }

  void skip_export() {
    if (!text_.substr(at_).starts_with("export")) return;
    const auto end = at_ + std::string_view{"export"}.size();
    if (end >= text_.size() || !is_blank(text_[end])) return;
    at_ = end;
    skip_blanks();
  }

  void statement() {
    skip_export();
    const std::size_t start = at_;
    while (at_ < text_.size() && (belongs_to_key(text_[at_]) || is_blank(text_[at_]))) ++at_;
    const auto key = trim_end(text_.substr(start, at_ - start));
    const bool at_line_end = at_ >= text_.size() || text_[at_] == '\n';
    if (!at_line_end && text_[at_] != '=' && text_[at_] != ':') unexpected_character(start);
    if (key.find(' ') != std::string_view::npos) throw Damage{start, "key cannot contain a space"};
    if (at_line_end) {
      if (auto value = reader_.lookup(key)) found_.emplace_back(key, *std::move(value));
      return;
    }
    if (key.empty()) throw Damage{start, "a value without a variable name"};
    ++at_;
    skip_blanks();
    found_.emplace_back(key, value());
  }

  [[noreturn]] void unexpected_character(std::size_t start) {
    const auto line = text_.substr(start, text_.find('\n', start) - start);
    throw Damage{
        at_, base::text("unexpected character \"{}\" in variable name \"{}\"", text_[at_], trim_end(line))};
  }

  std::string value() {
    if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return quoted(text_[at_]);
    const auto end = std::min(text_.find('\n', at_), text_.size());
    const auto line = text_.substr(at_, end - at_);
    const std::size_t start = at_;
    at_ = end;
    return interpolated(std::string{trim_end(line.substr(0, line.find(" #")))}, start);
  }

  std::string quoted(char quote) {
    const std::size_t start = at_;
    std::string content;
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && i + 1 < text_.size()) {
        if (text_[i + 1] != quote) content += '\\';
        content += text_[++i];
      } else if (text_[i] == quote) {
        at_ = i + 1;
        return quote == '"' ? interpolated(expand_escapes(content), start) : content;
      } else {
        content += text_[i];
      }
    }
    const auto line = text_.substr(start, text_.find('\n', start) - start);
    throw Damage{start, base::text("unterminated quoted value {}", trim_end(line))};
  }

  std::string interpolated(const std::string& value, std::size_t start) {
    if (value.find('$') == std::string::npos) return value;
    try {
      return substitute(value, context_);
    } catch (const TemplateError& e) {
      throw Damage{start, e.what()};
    }
  }

  void raw_line(std::string_view line, std::size_t offset) {
    if (line.empty() || line[0] == '#') return;
    const auto equals = line.find('=');
    const auto key = line.substr(0, equals);
    if (key.find_first_of(" \t") != std::string_view::npos)
      throw Damage{offset, "key cannot contain a space"};
    if (equals != std::string_view::npos) {
      found_.emplace_back(key, line.substr(equals + 1));
    } else if (auto value = reader_.lookup(key)) {
      found_.emplace_back(key, *std::move(value));
    }
  }

  std::string_view text_;
  const EnvFileReader& reader_;
  TemplateContext context_;
  std::size_t at_ = 0;
  Assignments found_;
  std::vector<std::string> unset_;
};

}  // namespace

Assignments parse_env_file(const Sources& sources, std::uint32_t source, const EnvFileReader& reader,
                           Diagnostics& diagnostics) {
  EnvFileParser parser(sources.text(source), reader);
  try {
    auto assignments = reader.raw ? parser.run_raw() : parser.run();
    for (const auto& name : parser.unset())
      diagnostics.warn(base::text("The \"{}\" variable is not set. Defaulting to a blank string.", name));
    return assignments;
  } catch (const Damage& damage) {
    diagnostics.error(sources.mark_at(source, damage.offset), damage.message);
    return {};
  }
}

}  // namespace compose::loader
