#include "compose/cli/detach_keys.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace compose::cli {
namespace {

constexpr std::string_view k_control = "ctrl-";

char key_of(std::string_view word, std::string_view all) {
  if (word.size() == 1) return word.front();
  if (word.size() == k_control.size() + 1 && word.starts_with(k_control)) {
    const char c = word.back();
    if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 1);
    if (c == '@' || (c >= '[' && c <= '_')) return static_cast<char>(c - '@');
  }
  base::fail("invalid detach keys \"{}\": \"{}\" is neither a character nor ctrl- and a letter", all, word);
}

}  // namespace

DetachKeys::DetachKeys(std::string_view keys) {
  for (std::size_t at = 0; at <= keys.size();) {
    const auto comma = std::min(keys.find(',', at), keys.size());
    keys_ += key_of(keys.substr(at, comma - at), keys);
    at = comma + 1;
  }
}

std::string DetachKeys::pass(std::string_view typed) {
  std::string through;
  for (const char c : typed) {
    if (complete()) break;
    held_ += c;
    while (!keys_.starts_with(held_)) {
      through += held_.front();
      held_.erase(0, 1);
    }
  }
  return through;
}

}  // namespace compose::cli
