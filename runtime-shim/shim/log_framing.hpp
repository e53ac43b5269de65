#pragma once
// A container's output as CRI log lines: "<RFC3339Nano> stdout F text\n", `P` instead of `F` for a piece of a
// line that goes on. Pure; one object per stream. A line longer than 16 KiB is cut into pieces, so what is
// held back is bounded. (Kubernetes CRI logging format)
#include <cstdint>
#include <string>
#include <string_view>

namespace compose::rt {

inline constexpr std::size_t k_longest_log_piece = 16U << 10U;

class LogFraming {
 public:
  explicit LogFraming(std::string_view stream) : stream_(stream) {}

  // Appends the complete lines and pieces in `bytes` to `out`; keeps the rest. `time`: nanoseconds since the
  // epoch.
  void feed(std::string_view bytes, std::int64_t time, std::string& out);
  // The end of the stream: what is held back comes out as a last line.
  void finish(std::int64_t time, std::string& out);

 private:
  void append_piece(std::string_view text, char tag, std::int64_t time, std::string& out);

  std::string_view stream_;
  std::string held_;
  std::int64_t stamped_second_ = -1;
  char stamp_[20] = {};  // "2026-01-02T03:04:05" of that second
};

}  // namespace compose::rt
