#pragma once
// Records of a container's log ("2026-01-02T03:04:05.000000006Z stdout F text") and the lines that they make.
// Pure.
#include <optional>
#include <string>
#include <string_view>

namespace compose::ui {

struct LogRecord {
  std::string_view time;  // fixed width, so that text order is time order
  std::string_view kind;  // "stdout", "stderr"; what a shim tells its followers has others
  bool partial = false;   // the line goes on in the next record of its kind
  std::string_view text;
};

// Without its newline. nullopt: damaged.
[[nodiscard]] std::optional<LogRecord> parse_log_record(std::string_view line);

struct LogLine {
  std::string time;
  bool error = false;
  std::string text;  // without newline
  std::string end;   // the time of its last piece, where it came in several
};

// Puts the pieces of long lines together again, each stream for itself.
class LogLines {
 public:
  // The line that ends with it.
  std::optional<LogLine> add(const LogRecord& record);
  // A last line without its end.
  std::optional<LogLine> rest();

 private:
  LogLine pieces_[2];  // of stdout and stderr
};

}  // namespace compose::ui
