#include "images/build/word_expansion.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "images/build/glob.hpp"

namespace compose::images {
namespace {

using base::fail;

constexpr int k_max_depth = 32;  // of ${a:-${b:-...}}
constexpr std::string_view k_special = "@*#?-$!";

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string without_prefix(const std::string& value, const Glob& glob, bool longest) {
  std::optional<std::size_t> best;
  for (std::size_t n = 0; n <= value.size(); ++n) {
    if (!glob.matches(std::string_view{value}.substr(0, n))) continue;
    best = n;
    if (!longest) break;
  }
  return value.substr(best.value_or(0));
}

std::string without_suffix(const std::string& value, const Glob& glob, bool longest) {
  std::optional<std::size_t> best;
  for (std::size_t n = 0; n <= value.size(); ++n) {
    if (!glob.matches(std::string_view{value}.substr(value.size() - n))) continue;
    best = n;
    if (!longest) break;
  }
  return value.substr(0, value.size() - best.value_or(0));
}

// The longest match at each place, from left to right.
std::string replaced(const std::string& value, const Glob& glob, const std::string& with, bool all) {
  std::string result;
  for (std::size_t at = 0; at < value.size();) {
    std::size_t length = value.size() - at;
    while (length > 0 && !glob.matches(std::string_view{value}.substr(at, length))) --length;
    if (length == 0) {
      result += value[at++];
      continue;
    }
    result += with;
    at += length;
    if (!all) return result + value.substr(at);
  }
  return result;
}

class Expander {
 public:
  Expander(std::string_view text, const VariableLookup& lookup, char escape)
      : text_(text), lookup_(lookup), escape_(escape) {}

  std::string word() { return until('\0', '\0'); }

  std::string heredoc() {
    std::string out;
    while (at_ < text_.size()) {
      if (text_[at_] == escape_) {
        ++at_;
        if (at_ < text_.size()) out += text_[at_++];
      } else if (text_[at_] == '$') {
        out += dollar();
      } else {
        out += text_[at_++];
      }
    }
    return out;
  }

 private:
  // Expands up to an unquoted `stop` or `other_stop` (not consumed) or the end. `raw`: escapes stay.
  std::string until(char stop, char other_stop, bool raw = false) {
    std::string out;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (stop != '\0' && (c == stop || c == other_stop)) return out;
      if (c == '\'') {
        out += single_quoted();
      } else if (c == '"') {
        out += double_quoted();
      } else if (c == '$') {
        out += dollar();
      } else if (c == escape_) {
        ++at_;
        if (raw) out += c;
        if (at_ < text_.size()) out += text_[at_++];
      } else {
        out += c;
        ++at_;
      }
    }
    return out;
  }

  // What '#', '%' and '/' compare with: a pattern of '*' and '?', where a backslash takes their meaning away.
  Glob pattern_until(char stop, char other_stop) {
    auto pattern = until(stop, other_stop, true);
    if (escape_ != '\\') std::ranges::replace(pattern, escape_, '\\');
    return Glob{pattern, GlobSlash::ordinary};
  }

  std::string single_quoted() {
    const auto end = text_.find('\'', at_ + 1);
    if (end == std::string_view::npos) fail("'{}' has no closing single quote", text_);
    const auto inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return std::string{inside};
  }

  std::string double_quoted() {
    std::string out;
    for (++at_; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c == '$') {
        out += dollar();
      } else if (c == escape_ && at_ + 1 < text_.size()) {
        const char next = text_[at_ + 1];
        if (next != '"' && next != '$' && next != escape_) out += c;
        out += next;
        at_ += 2;
      } else {
        out += c;
        ++at_;
      }
    }
    fail("'{}' has no closing double quote", text_);
  }

  std::string dollar() {
    ++at_;
    if (at_ < text_.size() && text_[at_] == '{') return braced();
    const auto name = take_name();
    if (name.empty()) return "$";
    return lookup_(name).value_or("");
  }

  // A word, a number, or one of the characters that a shell has for parameters of its own: those are unset.
  std::string take_name() {
    const auto from = at_;
    if (at_ < text_.size() && is_digit(text_[at_])) {
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    } else if (at_ < text_.size() && k_special.find(text_[at_]) != std::string_view::npos) {
      ++at_;
    } else {
      while (at_ < text_.size() && (starts_name(text_[at_]) || (at_ > from && is_digit(text_[at_])))) ++at_;
    }
    return std::string{text_.substr(from, at_ - from)};
  }

  std::string braced() {
    const auto from = at_ - 1;
    if (++depth_ > k_max_depth) fail("'{}': more than {} nested variables", text_, k_max_depth);
    ++at_;
    const auto name = take_name();
    if (name.empty()) fail("'{}': no variable name after '${'", text_.substr(from));
    const auto value = lookup_(name);
    std::string result =
        at_ < text_.size() && text_[at_] == '}' ? value.value_or("") : modified(name, value, from);
    if (at_ >= text_.size()) fail("'{}': the closing '}' is missing", text_.substr(from));
    ++at_;
    --depth_;
    return result;
  }

  std::string modified(const std::string& name, const std::optional<std::string>& value, std::size_t from) {
    if (at_ >= text_.size()) return "";  // braced() complains
    const char c = text_[at_++];
    const char next = at_ < text_.size() ? text_[at_] : '\0';
    if (c == ':' && (next == '-' || next == '+' || next == '?')) {
      ++at_;
      return choice(name, value && !value->empty() ? value : std::nullopt, next);
    }
    if (c == '-' || c == '+' || c == '?') return choice(name, value, c);
    if (c == '#' || c == '%') {
      const bool longest = next == c;
      if (longest) ++at_;
      const auto glob = pattern_until('}', '}');
      return c == '#' ? without_prefix(value.value_or(""), glob, longest)
                      : without_suffix(value.value_or(""), glob, longest);
    }
    if (c == '/') return substitution(value.value_or(""), next);
    fail("'{}': '{}' is not a known modifier", text_.substr(from), c);
  }

  std::string choice(const std::string& name, const std::optional<std::string>& value, char modifier) {
    const auto word = until('}', '}');
    if (modifier == '-') return value ? *value : word;
    if (modifier == '+') return value ? word : "";
    if (!value) fail("variable '{}': {}", name, word.empty() ? "not set" : word);
    return *value;
  }

  std::string substitution(const std::string& value, char next) {
    const bool all = next == '/';
    if (all) ++at_;
    const auto glob = pattern_until('/', '}');
    std::string with;
    if (at_ < text_.size() && text_[at_] == '/') {
      ++at_;
      with = until('}', '}', true);
    }
    return replaced(value, glob, with, all);
  }

  std::string_view text_;
  const VariableLookup& lookup_;
  char escape_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::string expand_word(std::string_view word, const VariableLookup& lookup, char escape) {
  return Expander{word, lookup, escape}.word();
}

std::string expand_heredoc(std::string_view text, const VariableLookup& lookup) {
  return Expander{text, lookup, '\\'}.heredoc();
}

}  // namespace compose::images
