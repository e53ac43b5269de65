#include "compose/ui/table.hpp"

#include <algorithm>

namespace compose::ui {
namespace {

constexpr std::size_t k_gap = 3;

bool starts_code_point(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

}  // namespace

std::size_t display_width(std::string_view utf8) noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(utf8, starts_code_point));
}

std::string first_characters(std::string_view utf8, std::size_t count) {
  std::size_t seen = 0;
  std::size_t end = 0;
  while (end < utf8.size() && !(starts_code_point(utf8[end]) && seen++ == count)) ++end;
  return std::string{utf8.substr(0, end)};
}

std::string shorten(std::string_view utf8, std::size_t width) {
  if (width == 0) return {};
  return display_width(utf8) <= width ? std::string{utf8} : first_characters(utf8, width - 1) + "…";
}

Table::Table(std::vector<std::string> header, std::size_t minimum) : minimum_(minimum) {
  rows_.push_back(std::move(header));
}

void Table::row(std::vector<std::string> cells) {
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), minimum_);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]) + k_gap);
  std::string out;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - display_width(row[i]), ' ');
    }
    out += '\n';
  }
  return out;
}

}  // namespace compose::ui
