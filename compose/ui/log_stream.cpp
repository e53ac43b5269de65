#include "compose/ui/log_stream.hpp"

#include <charconv>
#include <utility>

namespace compose::ui {

// Of a line whose end was left out comes what there is.
std::optional<LogStream::Item> LogStream::take(std::string_view line) {
  const auto record = parse_log_record(line);
  if (!record) return std::nullopt;
  if (record->kind == "start") return StreamStart{std::string{record->time}};
  if (record->kind == "lost") {
    held_ = {.time = std::string{record->time}};
    std::from_chars(record->text.data(), record->text.data() + record->text.size(), held_->count);
    return std::nullopt;
  }
  if (auto whole = lines_.add(*record)) return std::move(*whole);
  return std::nullopt;
}

std::optional<LogStream::Item> LogStream::next() {
  for (;;) {
    if (held_) {
      if (auto piece = lines_.rest()) return std::move(*piece);
      return *std::exchange(held_, std::nullopt);
    }
    const auto end = buffer_.find('\n', position_);
    if (end == std::string::npos) break;
    auto item = take(std::string_view{buffer_}.substr(position_, end - position_));
    position_ = end + 1;
    if (item) return item;
  }
  buffer_.erase(0, position_);
  position_ = 0;
  return std::nullopt;
}

}  // namespace compose::ui
