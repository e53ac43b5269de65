#include "images/build/glob.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace compose::images {

bool Glob::has_wildcard(std::string_view pattern) {
  return pattern.find_first_of("*?[\\") != std::string_view::npos;
}

Glob::Glob(std::string_view pattern, GlobSlash slash) : slash_(slash) {
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '*') {
      at = parse_stars(pattern, at);
    } else if (c == '?') {
      tokens_.push_back({.kind = Kind::any_one});
      ++at;
    } else if (c == '[' && slash_ == GlobSlash::separates) {
      at = parse_set(pattern, at);
    } else {
      const bool escaped = c == '\\' && at + 1 < pattern.size();
      tokens_.push_back({.kind = Kind::literal, .literal = escaped ? pattern[at + 1] : c});
      at += escaped ? 2 : 1;
    }
  }
}

std::size_t Glob::parse_stars(std::string_view pattern, std::size_t at) {
  std::size_t end = at;
  while (end < pattern.size() && pattern[end] == '*') ++end;
  if (slash_ == GlobSlash::ordinary) {
    tokens_.push_back({.kind = Kind::any_text});
  } else if (end - at == 1) {
    tokens_.push_back({.kind = Kind::star});
  } else if (end == pattern.size()) {
    tokens_.push_back({.kind = Kind::any_text});
  } else {
    tokens_.push_back({.kind = Kind::directories});
    tokens_.push_back({.kind = Kind::inside_directories});
    if (pattern[end] == '/') ++end;
  }
  return end;
}

std::size_t Glob::parse_set(std::string_view pattern, std::size_t at) {
  const auto from = at++;
  Token token{.kind = Kind::set};
  if (at < pattern.size() && pattern[at] == '^') {  // '!' is a character like others, to BuildKit too
    token.negated = true;
    ++at;
  }
  const auto character = [&] {
    if (at < pattern.size() && pattern[at] == '\\') ++at;
    if (at >= pattern.size()) base::fail("pattern '{}': the '[' is not closed", pattern.substr(from));
    return pattern[at++];
  };
  do {
    const char low = character();
    char high = low;
    if (at + 1 < pattern.size() && pattern[at] == '-' && pattern[at + 1] != ']') {
      ++at;
      high = character();
    }
    token.ranges.emplace_back(low, high);
    if (at >= pattern.size()) base::fail("pattern '{}': the '[' is not closed", pattern.substr(from));
  } while (pattern[at] != ']');
  tokens_.push_back(std::move(token));
  return at + 1;
}

bool Glob::accepts(const Token& token, char c) const {
  if (token.kind == Kind::literal) return c == token.literal;
  if (token.kind == Kind::any_text || token.kind == Kind::directories ||
      token.kind == Kind::inside_directories)
    return true;
  if (c == '/' && slash_ == GlobSlash::separates) return false;
  if (token.kind != Kind::set) return true;
  const auto inside = [c](const auto& range) { return c >= range.first && c <= range.second; };
  return std::ranges::any_of(token.ranges, inside) != token.negated;
}

// Marks the state and those reachable from it without a character.
void Glob::enter(std::size_t state, std::vector<char>& states) const {
  for (;;) {
    if (states[state] != 0) return;
    states[state] = 1;
    if (state == tokens_.size()) return;
    const auto kind = tokens_[state].kind;
    if (kind == Kind::star || kind == Kind::any_text) {
      ++state;
    } else if (kind == Kind::directories) {
      state += 2;
    } else {
      return;
    }
  }
}

void Glob::advance(std::size_t state, char c, std::vector<char>& next) const {
  const Token& token = tokens_[state];
  if (!accepts(token, c)) return;
  switch (token.kind) {
    case Kind::star:
    case Kind::any_text:
      return enter(state, next);
    case Kind::directories:
    case Kind::inside_directories: {
      const auto inside = token.kind == Kind::directories ? state + 1 : state;
      enter(inside, next);
      if (c == '/') enter(inside + 1, next);
      return;
    }
    default:
      return enter(state + 1, next);
  }
}

bool Glob::matches(std::string_view text) const {
  std::vector<char> states(tokens_.size() + 1, 0);
  std::vector<char> next(states.size(), 0);
  enter(0, states);
  for (const char c : text) {
    std::ranges::fill(next, 0);
    for (std::size_t i = 0; i < tokens_.size(); ++i)
      if (states[i] != 0) advance(i, c, next);
    std::swap(states, next);
  }
  return states.back() != 0;
}

}  // namespace compose::images
