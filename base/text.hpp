#pragma once
// text("open '{}'", path): builds a message. `{}` takes a string, a character or an integer; nothing else is
// known. The number of placeholders is checked when compiling. Why not fmt: the shim is linked statically and
// Debian ships no static fmt (docs/decisions/0001-own-text-formatting.md).
#include <charconv>
#include <concepts>
#include <span>
#include <string>
#include <string_view>

namespace compose::base {

// One argument of text(): a view of a string, or the digits of a number in its own small buffer.
class TextArgument {
 public:
  TextArgument(std::string_view s) noexcept : view_(s) {}
  TextArgument(const std::string& s) noexcept : view_(s) {}
  TextArgument(const char* s) noexcept : view_(s ? s : "(null)") {}
  TextArgument(char c) noexcept : view_(digits_, 1) { digits_[0] = c; }
  TextArgument(bool b) noexcept : view_(b ? "true" : "false") {}
  template <std::integral I>
  TextArgument(I value) noexcept {
    const auto end = std::to_chars(digits_, digits_ + sizeof digits_, value).ptr;
    view_ = {digits_, static_cast<std::size_t>(end - digits_)};
  }
  TextArgument(const TextArgument&) = delete;
  TextArgument& operator=(const TextArgument&) = delete;
  [[nodiscard]] std::string_view view() const noexcept { return view_; }

 private:
  char digits_[24];
  std::string_view view_;
};

namespace detail {
consteval std::size_t count_placeholders(std::string_view s) {
  std::size_t n = 0;
  for (std::size_t i = 0; i + 1 < s.size(); ++i)
    if (s[i] == '{' && s[i + 1] == '}') ++n;
  return n;
}
void wrong_number_of_arguments();  // never defined: naming it stops compilation
std::string join_text(std::string_view format, std::span<const TextArgument* const> arguments);
}  // namespace detail

// A format string whose placeholders were counted against the arguments at compile time.
template <class... A>
class TextFormat {
 public:
  template <class S>
  requires std::convertible_to<const S&, std::string_view>
  consteval TextFormat(const S& s) : view_(s) {
    if (detail::count_placeholders(view_) != sizeof...(A)) detail::wrong_number_of_arguments();
  }
  [[nodiscard]] std::string_view view() const noexcept { return view_; }

 private:
  std::string_view view_;
};

template <class... A>
[[nodiscard]] std::string text(TextFormat<std::type_identity_t<A>...> format, const A&... arguments) {
  return [&](const auto&... wrapped) {
    const TextArgument* const all[] = {&wrapped..., nullptr};
    return detail::join_text(format.view(), {all, sizeof...(A)});
  }(TextArgument{arguments}...);
}

// join({"a", "b"}, ", ") is "a, b".
[[nodiscard]] std::string join(std::span<const std::string> parts, std::string_view separator);

// A command as it is shown: on one line, arguments with blanks in quotes.
[[nodiscard]] std::string command_line(std::span<const std::string> argv);

// The 26 letters of ASCII; everything else stays.
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] std::string upper_case(std::string_view text);

// 10 for 'a' and 'A'; -1: no hexadecimal digit.
[[nodiscard]] int hex_digit(char c) noexcept;

}  // namespace compose::base
