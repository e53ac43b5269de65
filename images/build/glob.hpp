#pragma once
// File name patterns: * ? [a-z] \x, and ** where a slash separates. Matching is a walk over sets of states,
// so that no pattern takes more than (length of pattern) x (length of text) steps.
#include <string>
#include <string_view>
#include <vector>

namespace compose::images {

// separates: '*' and '?' stop at '/', and '**' spans directories. ordinary: '/' is a character like others,
// and so is '[', as in the patterns of variables.
enum class GlobSlash : unsigned char { separates, ordinary };

class Glob {
 public:
  // Error: "pattern '[a': the '[' is not closed".
  explicit Glob(std::string_view pattern, GlobSlash slash = GlobSlash::separates);
  [[nodiscard]] bool matches(std::string_view text) const;
  [[nodiscard]] static bool has_wildcard(std::string_view pattern);

 private:
  enum class Kind : unsigned char { literal, any_one, star, any_text, directories, inside_directories, set };
  struct Token {
    Kind kind = Kind::literal;
    char literal = 0;
    bool negated = false;
    std::vector<std::pair<char, char>> ranges = {};
  };
  [[nodiscard]] bool accepts(const Token& token, char c) const;
  void advance(std::size_t state, char c, std::vector<char>& next) const;
  void enter(std::size_t state, std::vector<char>& states) const;
  std::size_t parse_set(std::string_view pattern, std::size_t at);
  std::size_t parse_stars(std::string_view pattern, std::size_t at);

  std::vector<Token> tokens_;
  GlobSlash slash_;
};

}  // namespace compose::images
