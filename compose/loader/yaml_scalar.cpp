#include "compose/loader/yaml_scalar.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace compose::loader {

namespace {

template <std::size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  for (const auto word : words)
    if (text == word) return true;
  return false;
}

constexpr std::array<std::string_view, 5> k_null{"", "~", "null", "Null", "NULL"};
constexpr std::array<std::string_view, 3> k_true{"true", "True", "TRUE"};
constexpr std::array<std::string_view, 3> k_false{"false", "False", "FALSE"};
constexpr std::array<std::string_view, 6> k_infinite{".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"};
constexpr std::array<std::string_view, 3> k_minus_infinite{"-.inf", "-.Inf", "-.INF"};
constexpr std::array<std::string_view, 3> k_not_a_number{".nan", ".NaN", ".NAN"};

std::string without_underscores(std::string_view text) {
  std::string digits;
  for (const char c : text)
    if (c != '_') digits += c;
  return digits;
}

std::optional<std::int64_t> as_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : 8;
    text.remove_prefix(letter == 'x' || letter == 'b' || letter == 'o' ? 2 : 1);
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  const auto value = static_cast<std::int64_t>(magnitude);
  return negative ? -value : value;
}

// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
std::optional<double> as_floating(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || !((digits[0] >= '0' && digits[0] <= '9') || digits[0] == '.')) return std::nullopt;
  if (digits == "." || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos)
    return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void set_boolean(Node& node, bool value) {
  node.kind = Kind::boolean;
  node.integer = value ? 1 : 0;
}

void set_floating(Node& node, double value) {
  node.kind = Kind::floating;
  node.floating = value;
}

void resolve_number(Node& node) {
  const std::string digits = without_underscores(node.text);
  if (const auto value = as_integer(digits)) {
    node.kind = Kind::integer;
    node.integer = *value;
  } else if (const auto real = as_floating(digits)) {
    set_floating(node, *real);
  }
}

}  // namespace

void resolve_plain_scalar(Node& node) {
  node.kind = Kind::string;
  const std::string_view text = node.text;
  if (one_of(text, k_null)) {
    node.kind = Kind::null;
    return;
  }
  const char first = text[0];
  if ((first >= '0' && first <= '9') || first == '-' || first == '+' || first == '.') {
    if (one_of(text, k_infinite)) return set_floating(node, std::numeric_limits<double>::infinity());
    if (one_of(text, k_minus_infinite)) return set_floating(node, -std::numeric_limits<double>::infinity());
    if (one_of(text, k_not_a_number)) return set_floating(node, std::nan(""));
    return resolve_number(node);
  }
  if (one_of(text, k_true)) return set_boolean(node, true);
  if (one_of(text, k_false)) return set_boolean(node, false);
}

}  // namespace compose::loader
