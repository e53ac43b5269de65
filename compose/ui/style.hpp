#pragma once
// Terminals: is there one, how large, and the colours of log prefixes. Pure but for the two questions to the
// kernel.
#include <cstddef>
#include <string>
#include <string_view>

namespace compose::ui {

[[nodiscard]] bool is_terminal(int fd) noexcept;

struct WindowSize {
  unsigned rows = 24;
  unsigned columns = 80;
};
[[nodiscard]] WindowSize window_size(int fd) noexcept;

// Control characters, but for ends of lines and tabs, as \xNN: what strangers named must not reach a terminal
// raw.
[[nodiscard]] std::string printable(std::string_view text);

// The escape sequence of the n-th log prefix: cyan, yellow, green, magenta, blue, then their bright forms,
// and again.
[[nodiscard]] std::string_view prefix_colour(std::size_t n) noexcept;
inline constexpr std::string_view k_plain = "\x1b[0m";
inline constexpr std::string_view k_green = "\x1b[32m";
inline constexpr std::string_view k_yellow = "\x1b[33m";
inline constexpr std::string_view k_red = "\x1b[31m";
inline constexpr std::string_view k_blue = "\x1b[34m";

}  // namespace compose::ui
