#include "compose/loader/source.hpp"

#include <algorithm>
#include <tuple>

#include "base/similar.hpp"

namespace compose::loader {

namespace {

// Beyond this many problems the rest is noise.
constexpr std::size_t k_most_problems = 100;

std::size_t offset_of_line(std::string_view text, std::uint32_t line) {
  std::size_t at = 0;
  for (std::uint32_t n = 1; n < line; ++n) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  return at;
}

}  // namespace

std::uint32_t Sources::add(std::string shown, std::string text) {
  sources_.push_back({std::move(shown), std::move(text)});
  return static_cast<std::uint32_t>(sources_.size());
}

std::string_view Sources::line(Mark mark) const {
  if (!mark.known() || mark.line == 0) return {};
  const std::string_view all = text(mark.source);
  const auto start = offset_of_line(all, mark.line);
  auto found = all.substr(start, all.find('\n', start) - start);
  if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
  return found;
}

unsigned Sources::shown_column(Mark mark) const {
  const auto before = line(mark).substr(0, mark.column == 0 ? 0 : mark.column - 1);
  const auto characters = std::ranges::count_if(before, [](char c) { return (c & '\xC0') != '\x80'; });
  return static_cast<unsigned>(characters) + 1;
}

std::string Sources::place(Mark mark) const {
  if (!mark.known()) return {};
  if (mark.line == 0) return name(mark.source);
  return base::text("{}:{}:{}", name(mark.source), mark.line, shown_column(mark));
}

Problem Sources::problem(Mark mark, std::string message) const {
  if (!mark.known()) return {.message = std::move(message)};
  return {.file = name(mark.source),
          .line = mark.line,
          .column = shown_column(mark),
          .message = std::move(message),
          .source_line = std::string{line(mark)}};
}

Mark Sources::mark_at(std::uint32_t source, std::size_t offset) const {
  const std::string_view before = std::string_view{text(source)}.substr(0, offset);
  const auto lines = static_cast<std::uint32_t>(std::ranges::count(before, '\n'));
  const auto start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {source, lines + 1, static_cast<std::uint32_t>(before.size() - start) + 1};
}

bool Diagnostics::full() const noexcept {
  return problems_.size() >= k_most_problems;
}

void Diagnostics::error(Mark mark, std::string message) {
  if (full()) return;
  Problem problem = sources_.problem(mark, std::move(message));
  const auto same = [&](const Found& found) { return found.problem == problem; };
  if (std::ranges::none_of(problems_, same)) problems_.push_back({mark, std::move(problem)});
}

bool Diagnostics::has_problem_on_line(Mark mark) const {
  return std::ranges::any_of(problems_, [&](const Found& found) {
    return found.mark.source == mark.source && found.mark.line == mark.line;
  });
}

void Diagnostics::warn(std::string message) {
  if (known_warnings_.insert(message).second) warnings_.push_back(std::move(message));
}

void Diagnostics::warn(Mark mark, std::string message) {
  warn(mark.known() ? sources_.place(mark) + ": " + message : std::move(message));
}

void Diagnostics::throw_if_failed() {
  if (!failed()) return;
  std::ranges::stable_sort(problems_, {}, [](const Found& found) {
    return std::tuple{found.mark.source, found.mark.line, found.mark.column};
  });
  std::vector<Problem> sorted;
  for (auto& found : problems_) sorted.push_back(std::move(found.problem));
  if (full())
    sorted.push_back(
        {.message = base::text("these are the first {} problems, there are more", k_most_problems)});
  problems_.clear();
  throw InvalidProject(std::move(sorted));
}

std::string suggestion(std::string_view word, std::span<const std::string_view> candidates) {
  const auto best = base::nearest(word, candidates);
  return best.empty() ? std::string{} : base::text(", did you mean '{}'?", best);
}

}  // namespace compose::loader
