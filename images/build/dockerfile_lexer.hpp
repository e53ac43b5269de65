#pragma once
// From text to logical lines: parser directives, comments, continuation lines and heredocs are dealt with
// here, so that the parser sees one instruction at a time. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "images/build/dockerfile.hpp"

namespace compose::images {

inline constexpr std::size_t k_max_dockerfile = 4U << 20U;

struct LogicalLine {
  int line = 0;  // first physical line, from 1
  int last_line = 0;
  std::string keyword;  // upper case
  std::string rest;     // what follows, continuation lines joined, trimmed
  std::vector<Heredoc> heredocs;
  std::vector<std::string> comments = {};  // the lines right above, without '#'
};

struct LexedDockerfile {
  char escape = '\\';
  std::vector<LogicalLine> lines;
  std::vector<std::string> source;
  std::vector<std::string> warnings;
  std::string check_directive;
  std::vector<int> empty_continuations;
};

[[nodiscard]] LexedDockerfile lex_dockerfile(std::string_view text, const std::string& name);

// The words of "a  b c", split at blanks.
[[nodiscard]] std::vector<std::string> split_words(std::string_view text);
// The words of a b="c d" e\ f: quotes and escapes keep a word together and stay in it.
[[nodiscard]] std::vector<std::string> split_quoted_words(std::string_view text, char escape);
[[nodiscard]] std::string_view trim(std::string_view text);

}  // namespace compose::images
