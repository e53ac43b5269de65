#pragma once
// The tree of a --format template, and its parser. The language is the part of Go's text/template that shows
// data: actions with pipelines and variables, if, with, range, break and continue, comments, and trimming
// with {{- and -}}. What names other templates (define, template, block) is refused.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"

namespace compose::ui::templates {

// A problem, and where in the text it is.
class Trouble final : public base::Error {
 public:
  Trouble(std::size_t at, const std::string& message) : base::Error(message), at_(at) {}
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

 private:
  std::size_t at_;
};

struct Key {
  std::string name;
  std::size_t at = 0;
};

struct Pipeline;

// What a command is made of: a value or a function, with the fields taken of it (".Publishers", "$x.URL",
// "(index . 0).URL").
struct Operand {
  enum class Kind : std::uint8_t { literal, dot, variable, function, pipeline };
  Kind kind = Kind::dot;
  std::size_t at = 0;
  base::Json literal;
  std::string name;             // of a variable (without $; empty: the whole object) or function
  std::vector<Pipeline> inner;  // one, in parentheses
  std::vector<Key> fields;
};

struct Command {
  std::vector<Operand> words;
};

struct Pipeline {
  std::size_t at = 0;
  std::vector<std::string> variables;  // that it sets; two for range: index and element
  bool declares = false;               // := rather than =
  std::vector<Command> commands;
};

struct Piece {
  enum class Kind : std::uint8_t { text, action, if_, with, range, break_, continue_ };
  Kind kind = Kind::text;
  std::size_t at = 0;
  std::string text;
  Pipeline pipeline;
  std::vector<Piece> body;
  std::vector<Piece> otherwise;
};

// Throws Trouble.
[[nodiscard]] std::vector<Piece> parse_template(std::string_view source);

}  // namespace compose::ui::templates
