#include "images/build/dockerfile_lexer.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"

namespace compose::images {
namespace {

using base::fail;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

// "# key=value" as {key, value}; nullopt: an ordinary comment or no comment.
std::optional<NameValue> directive(std::string_view line) {
  line = trim(line);
  if (!line.starts_with('#')) return std::nullopt;
  line = trim(line.substr(1));
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto key = base::lower_case(trim(line.substr(0, equals)));
  if (key != "escape" && key != "syntax" && key != "check") return std::nullopt;
  return NameValue{key, std::string{trim(line.substr(equals + 1))}};
}

// 5<<-"EOF" and the like; nullopt: the word opens no heredoc.
struct HeredocStart {
  std::string name;
  bool expand = true;
  bool strip_tabs = false;
};
std::optional<HeredocStart> heredoc_start(std::string_view word) {
  while (!word.empty() && word.front() >= '0' && word.front() <= '9') word.remove_prefix(1);
  if (!word.starts_with("<<")) return std::nullopt;
  word.remove_prefix(2);
  HeredocStart start;
  if (word.starts_with('-')) {
    start.strip_tabs = true;
    word.remove_prefix(1);
  }
  if (word.find('<') != std::string_view::npos) return std::nullopt;
  if (word.size() >= 2 && (word.front() == '"' || word.front() == '\'') && word.back() == word.front()) {
    start.expand = false;
    word = word.substr(1, word.size() - 2);
  }
  const auto inside = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '-';
  };
  if (word.empty() || !std::ranges::all_of(word, inside)) return std::nullopt;
  start.name = word;
  return start;
}

class Lexer {
 public:
  Lexer(std::string_view text, const std::string& name) : name_(name) {
    if (text.size() > k_max_dockerfile) fail("{}: larger than {} bytes", name, k_max_dockerfile);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    if (const auto nul = text.find('\0'); nul != std::string_view::npos)
      fail("{}:{}: a NUL byte", name, 1 + std::ranges::count(text.substr(0, nul), '\n'));
    split_lines(text);
  }

  LexedDockerfile run() {
    directives();
    while (next_ < out_.source.size()) {
      const auto line = trim(out_.source[next_]);
      if (line.starts_with('#')) {
        comments_.emplace_back(trim(line.substr(1)));
      } else if (line.empty()) {
        comments_.clear();
      } else {
        out_.lines.push_back(logical_line());
        continue;
      }
      ++next_;
    }
    return std::move(out_);
  }

 private:
  void split_lines(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      auto line = text.substr(0, end);
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
        ends_in_return_.insert(out_.source.size());
      }
      out_.source.emplace_back(line);
      if (end == std::string_view::npos) break;
      text.remove_prefix(end + 1);
    }
  }

  void directives() {
    for (; next_ < out_.source.size(); ++next_) {
      const auto found = directive(out_.source[next_]);
      if (!found) return;
      const auto& [key, value] = *found;
      if (key == "escape") {
        if (value != "\\" && value != "`")
          fail("{}:{}: the escape character must be \\ or `, not '{}'", name_, next_ + 1, value);
        out_.escape = value.front();
      } else if (key == "check") {
        out_.check_directive = value;
      } else if (key == "syntax" && !value.starts_with("docker/dockerfile")) {
        out_.warnings.push_back(base::text("{}:{}: '# syntax={}' is ignored: no builder images are run",
                                           name_, next_ + 1, value));
      }
    }
  }

  LogicalLine logical_line() {
    LogicalLine logical{.line = static_cast<int>(next_) + 1, .comments = std::exchange(comments_, {})};
    std::string joined = join_continuations();
    logical.last_line = static_cast<int>(next_);
    const auto text = trim(joined);
    const auto end = std::min(text.size(), text.find_first_of(" \t"));
    logical.keyword = base::upper_case(text.substr(0, end));
    logical.rest = trim(text.substr(end));
    if (takes_heredocs(logical)) read_heredocs(logical);
    logical.last_line = static_cast<int>(next_);
    return logical;
  }

  // A line that ends in the escape character goes on in the next; comments and empty lines between do not end
  // it.
  std::string join_continuations() {
    std::string joined;
    bool first = true;
    bool has_empty = false;
    for (bool goes_on = true; goes_on && next_ < out_.source.size(); ++next_) {
      std::string_view line = out_.source[next_];
      const auto trimmed = trim(line);
      has_empty = has_empty || trimmed.empty();
      if (!first && (trimmed.empty() || trimmed.starts_with('#'))) continue;
      first = false;
      goes_on = ends_in_escape(line);
      joined += line;
    }
    if (has_empty) out_.empty_continuations.push_back(static_cast<int>(next_));
    return joined;
  }

  // Cuts the escape off when there is one. Two are none: the first takes the meaning of the second away.
  bool ends_in_escape(std::string_view& line) const {
    auto end = line;
    while (!end.empty() && is_blank(end.back())) end.remove_suffix(1);
    if (!end.ends_with(out_.escape)) return false;
    end.remove_suffix(1);
    if (end.ends_with(out_.escape)) return false;
    line = end;
    return true;
  }

  static bool takes_heredocs(const LogicalLine& logical) {
    const bool onbuild = logical.keyword == "ONBUILD";
    const auto keyword =
        onbuild ? base::upper_case(logical.rest.substr(0, logical.rest.find(' '))) : logical.keyword;
    return (keyword == "RUN" || keyword == "COPY" || keyword == "ADD") &&
           logical.rest.find("<<") != std::string::npos && !logical.rest.starts_with('[');
  }

  void read_heredocs(LogicalLine& logical) {
    for (const auto& word : split_quoted_words(logical.rest, out_.escape)) {
      const auto start = heredoc_start(word);
      if (!start) continue;
      Heredoc heredoc{.name = start->name, .expand = start->expand};
      for (;; ++next_) {
        if (next_ >= out_.source.size())
          fail("{}:{}: the heredoc '{}' has no end", name_, logical.line, start->name);
        std::string_view line = out_.source[next_];
        if (start->strip_tabs) line.remove_prefix(std::min(line.size(), line.find_first_not_of('\t')));
        if (line == start->name) break;
        heredoc.content += line;
        heredoc.content += ends_in_return_.contains(next_) ? "\r\n" : "\n";
      }
      ++next_;
      logical.heredocs.push_back(std::move(heredoc));
    }
  }

  const std::string& name_;
  LexedDockerfile out_;
  std::set<std::size_t> ends_in_return_;  // indices of lines: in a heredoc, that is content
  std::vector<std::string> comments_;     // since the last instruction or empty line
  std::size_t next_ = 0;
};

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (!is_blank(c)) {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::vector<std::string> split_quoted_words(std::string_view text, char escape) {
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && is_blank(c)) {
      if (!word.empty()) words.push_back(std::move(word));
      word.clear();
      continue;
    }
    word += c;
    if (c == escape && quote != '\'' && i + 1 < text.size()) {
      word += text[++i];
    } else if (quote == 0 && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = 0;
    }
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

LexedDockerfile lex_dockerfile(std::string_view text, const std::string& name) {
  return Lexer{text, name}.run();
}

}  // namespace compose::images
