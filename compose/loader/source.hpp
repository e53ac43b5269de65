#pragma once
// Where things stand in the files that were read. A Mark is small enough to sit in every node; Sources turns
// it back into "file:line:column" and the text of the line. Sources own the text of every file for as long as
// the load runs.
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

#include "compose/loader/diagnostics.hpp"

namespace compose::loader {

// Line and column count from 1, the column in bytes (it is shown in characters). source 0: no place in a
// file.
struct Mark {
  std::uint32_t source = 0;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  [[nodiscard]] bool known() const noexcept { return source != 0; }
  bool operator==(const Mark&) const = default;
};

class Sources {
 public:
  // `shown`: the name as the user knows it. Returns the number that marks carry.
  std::uint32_t add(std::string shown, std::string text);
  [[nodiscard]] const std::string& text(std::uint32_t source) const { return sources_[source - 1].text; }
  [[nodiscard]] const std::string& name(std::uint32_t source) const { return sources_[source - 1].shown; }
  [[nodiscard]] std::string_view line(Mark mark) const;
  [[nodiscard]] std::string place(Mark mark) const;  // "compose.yaml:4:5"; empty when unknown
  [[nodiscard]] Problem problem(Mark mark, std::string message) const;
  // The mark of the byte at `offset`.
  [[nodiscard]] Mark mark_at(std::uint32_t source, std::size_t offset) const;

 private:
  [[nodiscard]] unsigned shown_column(Mark mark) const;
  struct Source {
    std::string shown;
    std::string text;
  };
  std::deque<Source> sources_;
};

// What a load has found out so far: problems (which end it), warnings (which do not; each text once).
class Diagnostics {
 public:
  explicit Diagnostics(const Sources& sources) : sources_(sources) {}
  void error(Mark mark, std::string message);
  [[nodiscard]] bool full() const noexcept;  // further problems would not be kept
  void warn(std::string message);
  void warn(Mark mark, std::string message);
  // Later phases use it to keep quiet about what follows from a problem that is known.
  [[nodiscard]] bool has_problem_on_line(Mark mark) const;
  [[nodiscard]] bool failed() const noexcept { return !problems_.empty(); }
  void throw_if_failed();  // InvalidProject, in the order of files and lines
  [[nodiscard]] std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  struct Found {
    Mark mark;
    Problem problem;
  };
  const Sources& sources_;
  std::vector<Found> problems_;
  std::vector<std::string> warnings_;
  std::unordered_set<std::string> known_warnings_;
};

// ", did you mean 'image'?" or "".
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace compose::loader
