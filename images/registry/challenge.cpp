#include "images/registry/challenge.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"

namespace compose::images {
namespace {

constexpr std::size_t k_max_challenges = 16;
constexpr std::size_t k_max_parameters = 64;

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"!#$%&'*+-.^_`|~/="}.find(c) != std::string_view::npos;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  void skip_commas() {
    skip_blanks();
    while (take(',')) skip_blanks();
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  // Without '=' at its end: that belongs to "name=value"; token68 data is not for us.
  std::string name() {
    const auto end = std::ranges::find_if(rest_, [](char c) { return !is_token_character(c) || c == '='; });
    std::string word{rest_.begin(), end};
    rest_.remove_prefix(word.size());
    return base::lower_case(word);
  }

  std::optional<std::string> value() {
    skip_blanks();
    std::string word;
    if (!take('"')) {
      const auto end = std::ranges::find_if_not(rest_, is_token_character);
      word.assign(rest_.begin(), end);
      rest_.remove_prefix(word.size());
      return word;
    }
    while (!rest_.empty()) {
      if (take('"')) return word;
      if (take('\\') && rest_.empty()) break;
      word += rest_.front();
      rest_.remove_prefix(1);
    }
    return std::nullopt;  // never closed
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::vector<Challenge> parse_challenges(std::string_view header) {
  std::vector<Challenge> challenges;
  Scanner scan{header};
  scan.skip_commas();
  while (!scan.at_end()) {
    auto word = scan.name();
    if (word.empty()) break;
    scan.skip_blanks();
    if (!scan.take('=')) {
      if (challenges.size() == k_max_challenges) break;
      challenges.push_back({.scheme = std::move(word)});
      scan.skip_commas();
      continue;
    }
    auto value = scan.value();
    if (!value || challenges.empty() || challenges.back().parameters.size() == k_max_parameters) break;
    challenges.back().parameters.emplace(std::move(word), std::move(*value));
    scan.skip_commas();
  }
  return challenges;
}

}  // namespace compose::images
