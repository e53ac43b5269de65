#include "compose/ui/log_merge.hpp"

#include <queue>
#include <utility>

namespace compose::ui {

// A merge of sorted streams: the heap holds them by the time of their next line.
void print_merged(LogPrinter& printer, const std::vector<PastLog>& logs) {
  std::vector<std::optional<LogLine>> lines(logs.size());
  const auto later = [&lines](std::size_t a, std::size_t b) {
    return std::pair{lines[a]->time, a} > std::pair{lines[b]->time, b};
  };
  std::priority_queue<std::size_t, std::vector<std::size_t>, decltype(later)> next{later};
  const auto advance = [&](std::size_t i) {
    lines[i] = logs[i].next();
    if (lines[i]) next.push(i);
  };
  for (std::size_t i = 0; i < logs.size(); ++i) advance(i);
  while (!next.empty()) {
    const auto i = next.top();
    next.pop();
    printer.print(logs[i].name, *lines[i]);
    advance(i);
  }
  printer.flush();
}

}  // namespace compose::ui
