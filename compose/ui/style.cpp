#include "compose/ui/style.hpp"

#include <array>
#include <sys/ioctl.h>
#include <unistd.h>

namespace compose::ui {

bool is_terminal(int fd) noexcept {
  return ::isatty(fd) == 1;
}

WindowSize window_size(int fd) noexcept {
  struct ::winsize size {};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_row, size.ws_col};
}

std::string printable(std::string_view text) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7f) || c == '\n' || c == '\t') {
      out += c;
      continue;
    }
    out += "\\x";
    out += k_digits[byte >> 4U];
    out += k_digits[byte & 15U];
  }
  return out;
}

std::string_view prefix_colour(std::size_t n) noexcept {
  static constexpr std::array<std::string_view, 10> k_colours{"\x1b[36m", "\x1b[33m", "\x1b[32m", "\x1b[35m",
                                                              "\x1b[34m", "\x1b[96m", "\x1b[93m", "\x1b[92m",
                                                              "\x1b[95m", "\x1b[94m"};
  return k_colours[n % k_colours.size()];
}

}  // namespace compose::ui
