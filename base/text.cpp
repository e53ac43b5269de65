#include "base/text.hpp"

namespace compose::base {

std::string detail::join_text(std::string_view format, std::span<const TextArgument* const> arguments) {
  std::string out;
  std::size_t size = format.size();
  for (const auto* a : arguments) size += a->view().size();
  out.reserve(size);
  for (const auto* a : arguments) {
    const auto hole = format.find("{}");
    out += format.substr(0, hole);
    out += a->view();
    format.remove_prefix(hole + 2);
  }
  out += format;
  return out;
}

std::string join(std::span<const std::string> parts, std::string_view separator) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += separator;
    out += part;
  }
  return out;
}

std::string command_line(std::span<const std::string> argv) {
  std::string line;
  for (const auto& word : argv) {
    if (!line.empty()) line += ' ';
    const bool blanks = word.empty() || word.find_first_of(" \t\n") != std::string::npos;
    line += blanks ? text("'{}'", word) : word;
  }
  for (char& c : line)
    if (c == '\n' || c == '\t') c = ' ';
  return line;
}

std::string lower_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string upper_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace compose::base
