#pragma once
// The logs of many containers as one, by time.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "compose/ui/log_printer.hpp"

namespace compose::ui {

struct PastLog {
  std::string name;                              // "web-1"
  std::function<std::optional<LogLine>()> next;  // in order of time; nullopt: that is all
};

void print_merged(LogPrinter& printer, const std::vector<PastLog>& logs);

}  // namespace compose::ui
