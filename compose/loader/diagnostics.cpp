#include "compose/loader/diagnostics.hpp"

#include <algorithm>

namespace compose::loader {

namespace {

constexpr std::size_t k_shown_width = 160;  // of a source line

bool starts_character(char c) {
  return (c & '\xC0') != '\x80';
}

// The line (cut to a readable width around the column) and a caret below it. Tabs stay tabs in both, so that
// they align.
std::string excerpt(const Problem& problem) {
  std::string line = problem.source_line;
  std::string padding;
  unsigned column = 1;
  for (std::size_t i = 0; i < line.size() && column < problem.column; ++i) {
    if (!starts_character(line[i])) continue;
    padding += line[i] == '\t' ? '\t' : ' ';
    ++column;
  }
  if (padding.size() >= k_shown_width) return {};
  if (line.size() > k_shown_width) line = line.substr(0, k_shown_width) + "…";
  return base::text("\n    {}\n    {}^", line, padding);
}

std::string all_text(std::span<const Problem> problems) {
  std::string all;
  for (const auto& problem : problems) {
    if (!all.empty()) all += '\n';
    all += to_text(problem);
  }
  return all;
}

}  // namespace

std::string to_text(const Problem& problem) {
  if (problem.file.empty()) return problem.message;
  if (problem.line == 0) return base::text("{}: {}", problem.file, problem.message);
  auto text = base::text("{}:{}:{}: {}", problem.file, problem.line, problem.column, problem.message);
  if (!problem.source_line.empty()) text += excerpt(problem);
  return text;
}

InvalidProject::InvalidProject(std::vector<Problem> problems)
    : base::Error(all_text(problems)), problems_(std::move(problems)) {}

}  // namespace compose::loader
