#include "runtime-shim/shim/log_framing.hpp"

#include <ctime>

namespace compose::rt {
namespace {

constexpr std::int64_t k_nano = 1'000'000'000;

void append_fraction(std::int64_t nanoseconds, std::string& out) {
  char digits[11] = ".000000000";
  for (int i = 9; i > 0; --i, nanoseconds /= 10) digits[i] = static_cast<char>('0' + nanoseconds % 10);
  out.append(digits, 10);
}

}  // namespace

void LogFraming::append_piece(std::string_view text, char tag, std::int64_t time, std::string& out) {
  if (time / k_nano != stamped_second_) {
    stamped_second_ = time / k_nano;
    const std::time_t second = stamped_second_;
    std::tm utc{};
    ::gmtime_r(&second, &utc);
    std::strftime(stamp_, sizeof stamp_, "%Y-%m-%dT%H:%M:%S", &utc);
  }
  out += stamp_;
  append_fraction(time % k_nano, out);
  out += "Z ";
  out += stream_;
  out += ' ';
  out += tag;
  out += ' ';
  out += text;
  out += '\n';
}

void LogFraming::feed(std::string_view bytes, std::int64_t time, std::string& out) {
  while (!bytes.empty()) {
    const std::size_t room = k_longest_log_piece - held_.size();
    const auto newline = bytes.substr(0, room + 1).find('\n');
    const bool whole = newline != std::string_view::npos;
    if (!whole && bytes.size() <= room) {
      held_ += bytes;
      if (held_.size() < k_longest_log_piece) return;
      append_piece(held_, 'P', time, out);
      held_.clear();
      return;
    }
    const auto piece = bytes.substr(0, whole ? newline : room);
    if (held_.empty()) {
      append_piece(piece, whole ? 'F' : 'P', time, out);
    } else {
      held_ += piece;
      append_piece(held_, whole ? 'F' : 'P', time, out);
      held_.clear();
    }
    bytes.remove_prefix(piece.size() + (whole ? 1 : 0));
  }
}

void LogFraming::finish(std::int64_t time, std::string& out) {
  if (!held_.empty()) append_piece(held_, 'F', time, out);
  held_.clear();
}

}  // namespace compose::rt
