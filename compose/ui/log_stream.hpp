#pragma once
// What a shim passes on to who follows its container (runtime-shim/shim/followers.hpp), as it comes out of
// the pipe: where the stream begins, the lines, and how many had to be left out. Pure.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "compose/ui/log_record.hpp"

namespace compose::ui {

struct StreamStart {
  std::string time;  // what is older is in the log
};
struct LostLines {
  std::string time;
  std::uint64_t count = 0;
};

class LogStream {
 public:
  using Item = std::variant<StreamStart, LogLine, LostLines>;
  void feed(std::string_view bytes) { buffer_ += bytes; }
  std::optional<Item> next();
  // A line whose beginning was somewhere else goes on here.
  void go_on_with(LogLines unfinished) { lines_ = std::move(unfinished); }
  // At the end: a last line without its end.
  std::optional<LogLine> rest() { return lines_.rest(); }

 private:
  std::optional<Item> take(std::string_view line);

  std::string buffer_;
  std::size_t position_ = 0;
  LogLines lines_;
  std::optional<LostLines> held_;  // after the pieces that came before it
};

}  // namespace compose::ui
