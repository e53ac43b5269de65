#pragma once
// Columns of text, as Docker's tables: a cell is padded to the widest of its column plus three blanks, and to
// at least `minimum`; the last column is not padded. Width is counted in code points.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace compose::ui {

class Table {
 public:
  explicit Table(std::vector<std::string> header, std::size_t minimum = 10);
  void row(std::vector<std::string> cells);
  [[nodiscard]] std::string text() const;

 private:
  std::size_t minimum_;
  std::vector<std::vector<std::string>> rows_;  // the first one is the header
};

[[nodiscard]] std::size_t display_width(std::string_view utf8) noexcept;
// Its first code points.
[[nodiscard]] std::string first_characters(std::string_view utf8, std::size_t count);
// At most `width` code points, the last one an ellipsis where something was cut off.
[[nodiscard]] std::string shorten(std::string_view utf8, std::size_t width);

}  // namespace compose::ui
