#include "compose/ui/log_record.hpp"

#include <algorithm>
#include <utility>

namespace compose::ui {

std::optional<LogRecord> parse_log_record(std::string_view line) {
  const auto first = line.find(' ');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = line.find(' ', first + 1);
  if (second == std::string_view::npos || second + 2 > line.size()) return std::nullopt;
  const char tag = line[second + 1];
  if (tag != 'F' && tag != 'P') return std::nullopt;
  return LogRecord{.time = line.substr(0, first),
                   .kind = line.substr(first + 1, second - first - 1),
                   .partial = tag == 'P',
                   .text = line.substr(std::min(line.size(), second + 3))};
}

std::optional<LogLine> LogLines::add(const LogRecord& record) {
  const bool error = record.kind == "stderr";
  if (!error && record.kind != "stdout") return std::nullopt;
  auto& pieces = pieces_[error ? 1 : 0];
  if (pieces.time.empty())
    pieces = {std::string{record.time}, error, {}, {}};
  else
    pieces.end = record.time;
  pieces.text += record.text;
  if (record.partial) return std::nullopt;
  return std::exchange(pieces, {});
}

std::optional<LogLine> LogLines::rest() {
  for (auto& pieces : pieces_)
    if (!pieces.time.empty()) return std::exchange(pieces, {});
  return std::nullopt;
}

}  // namespace compose::ui
