#include "compose/ui/template_syntax.hpp"

#include <algorithm>
#include <charconv>

#include "base/similar.hpp"
#include "base/text.hpp"
#include "compose/ui/template_functions.hpp"

namespace compose::ui::templates {

namespace {

using base::text;

constexpr int k_deepest = 50;  // blocks and parentheses in one another
constexpr std::string_view k_blanks = " \t\r\n";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_decimal(char c) {
  return c >= '0' && c <= '9';
}
bool is_blank(char c) {
  return k_blanks.find(c) != std::string_view::npos;
}

struct Token {
  enum class Kind : std::uint8_t {
    field,
    dot,
    variable,
    word,
    literal,
    pipe,
    open,
    close,
    comma,
    set,
    declare,
    end
  };
  Kind kind = Kind::end;
  std::size_t at = 0;
  bool after_blank = false;
  std::string text;  // of a field, variable or word
  base::Json literal;
  bool trims = false;  // an end with "-}}"
};

// The words between {{ and }}.
class ActionLexer {
 public:
  ActionLexer(std::string_view source, std::size_t at) : source_(source), at_(at), begin_(at) {}

  std::vector<Token> run() {
    std::vector<Token> tokens;
    do tokens.push_back(next());
    while (tokens.back().kind != Token::Kind::end);
    return tokens;
  }
  [[nodiscard]] std::size_t behind() const { return at_; }

 private:
  [[nodiscard]] std::string_view rest() const { return source_.substr(at_); }

  Token next() {
    const std::size_t before = at_;
    while (at_ < source_.size() && is_blank(source_[at_])) ++at_;
    Token token{.at = at_, .after_blank = at_ != before};
    if (at_ >= source_.size()) throw Trouble(begin_ - 2, "this action has no }}");
    if (token.after_blank && rest().starts_with("-}}")) {
      at_ += 3;
      token.trims = true;
      return token;
    }
    if (rest().starts_with("}}")) {
      at_ += 2;
      return token;
    }
    read(token);
    return token;
  }

  void read(Token& token) {
    const char c = source_[at_];
    if (c == '"' || c == '`') return read_string(token);
    if (c == '.' && at_ + 1 < source_.size() && is_letter(source_[at_ + 1])) {
      ++at_;
      return read_name(token, Token::Kind::field);
    }
    if (c == '$') {
      ++at_;
      return read_name(token, Token::Kind::variable);
    }
    if (is_letter(c)) return read_name(token, Token::Kind::word);
    if (is_decimal(c) || ((c == '-' || c == '+') && at_ + 1 < source_.size() && is_decimal(source_[at_ + 1])))
      return read_number(token);
    read_sign(token);
  }

  void read_name(Token& token, Token::Kind kind) {
    const std::size_t first = at_;
    while (at_ < source_.size() && (is_letter(source_[at_]) || is_decimal(source_[at_]))) ++at_;
    token.kind = kind;
    token.text = source_.substr(first, at_ - first);
  }

  void read_number(Token& token) {
    const std::size_t first = at_++;
    while (at_ < source_.size() && (is_decimal(source_[at_]) || source_[at_] == '.')) ++at_;
    std::string_view digits = source_.substr(first, at_ - first);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    token.kind = Token::Kind::literal;
    const char* end = digits.data() + digits.size();
    std::int64_t whole = 0;
    double real = 0;
    if (const auto r = std::from_chars(digits.data(), end, whole); r.ec == std::errc{} && r.ptr == end)
      token.literal = whole;
    else if (const auto d = std::from_chars(digits.data(), end, real); d.ec == std::errc{} && d.ptr == end)
      token.literal = real;
    else
      throw Trouble(first, text("'{}' is no number", digits));
  }

  void read_string(Token& token) {
    const char quote = source_[at_++];
    std::string value;
    while (true) {
      if (at_ >= source_.size()) throw Trouble(token.at, "this text has no end");
      const char c = source_[at_++];
      if (c == quote) break;
      value += c == '\\' && quote == '"' ? escaped() : c;
    }
    token.kind = Token::Kind::literal;
    token.literal = std::move(value);
  }

  char escaped() {
    if (at_ >= source_.size()) throw Trouble(at_ - 1, "this text has no end");
    const char c = source_[at_++];
    switch (c) {
      case 'n':
        return '\n';
      case 't':
        return '\t';
      case 'r':
        return '\r';
      case '"':
      case '\\':
        return c;
      default:
        throw Trouble(at_ - 2, text("unknown escape '\\{}', known are \\n, \\t, \\r, \\\" and \\\\", c));
    }
  }

  void read_sign(Token& token) {
    using enum Token::Kind;
    static constexpr std::pair<std::string_view, Token::Kind> signs[] = {
        {":=", declare}, {"=", set}, {"|", pipe}, {"(", open}, {")", close}, {",", comma}, {".", dot}};
    for (const auto& [sign, kind] : signs) {
      if (!rest().starts_with(sign)) continue;
      token.kind = kind;
      at_ += sign.size();
      return;
    }
    throw Trouble(at_, text("unexpected '{}'", source_.substr(at_, 1)));
  }

  std::string_view source_;
  std::size_t at_;
  std::size_t begin_;
};

// The tokens of one action into a pipeline.
class PipelineParser {
 public:
  explicit PipelineParser(const std::vector<Token>& tokens, std::size_t first)
      : tokens_(tokens), next_(first) {}

  Pipeline run() {
    Pipeline pipeline = read_pipeline(0);
    if (!at_end())
      throw Trouble(here().at, here().kind == Token::Kind::close ? "unexpected ')'" : "unexpected word");
    return pipeline;
  }

 private:
  using Kind = Token::Kind;
  [[nodiscard]] const Token& here() const { return tokens_[next_]; }
  [[nodiscard]] const Token& behind() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  [[nodiscard]] bool at_end() const { return here().kind == Kind::end; }

  Pipeline read_pipeline(int depth) {
    if (depth > k_deepest) throw Trouble(here().at, "too many parentheses in one another");
    Pipeline pipeline{.at = here().at};
    read_variables(pipeline);
    while (true) {
      pipeline.commands.push_back(read_command(depth));
      if (here().kind != Kind::pipe) return pipeline;
      ++next_;
    }
  }

  // "$x :=", "$i, $x :=", "$x ="
  void read_variables(Pipeline& pipeline) {
    if (here().kind != Kind::variable) return;
    const bool two = behind().kind == Kind::comma;
    const std::size_t sign = next_ + (two ? 3 : 1);
    if (sign >= tokens_.size()) return;
    if (tokens_[sign].kind != Kind::set && tokens_[sign].kind != Kind::declare) return;
    pipeline.variables.push_back(here().text);
    if (two) pipeline.variables.push_back(tokens_[next_ + 2].text);
    pipeline.declares = tokens_[sign].kind == Kind::declare;
    next_ = sign + 1;
  }

  Command read_command(int depth) {
    Command command;
    while (!at_end() && here().kind != Kind::pipe && here().kind != Kind::close)
      command.words.push_back(read_operand(depth));
    if (command.words.empty()) throw Trouble(here().at, "a value or a function is missing");
    return command;
  }

  Operand read_operand(int depth) {
    const Token& token = here();
    Operand operand{.at = token.at};
    ++next_;
    switch (token.kind) {
      case Kind::literal:
        operand.kind = Operand::Kind::literal;
        operand.literal = token.literal;
        return operand;
      case Kind::word:
        return word_operand(token);
      case Kind::variable:
        operand.kind = Operand::Kind::variable;
        operand.name = token.text;
        break;
      case Kind::field:
        operand.fields.push_back({token.text, token.at});
        break;
      case Kind::dot:
        break;
      case Kind::open:
        operand.kind = Operand::Kind::pipeline;
        operand.inner.push_back(read_pipeline(depth + 1));
        if (here().kind != Kind::close) throw Trouble(token.at, "this '(' has no ')'");
        ++next_;
        break;
      default:
        throw Trouble(token.at, "unexpected sign");
    }
    while (here().kind == Kind::field && !here().after_blank) {
      operand.fields.push_back({here().text, here().at});
      ++next_;
    }
    return operand;
  }

  static Operand word_operand(const Token& token) {
    Operand operand{.kind = Operand::Kind::literal, .at = token.at};
    if (token.text == "true" || token.text == "false") {
      operand.literal = token.text == "true";
    } else if (token.text != "nil") {
      operand.kind = Operand::Kind::function;
      operand.name = token.text;
      if (!is_function(token.text)) {
        const auto known = function_names();
        const auto near = base::nearest(token.text, known);
        throw Trouble(token.at, text("there is no function '{}'{}", token.text,
                                     near.empty() ? "" : text(", did you mean '{}'?", near)));
      }
    }
    return operand;
  }

  const std::vector<Token>& tokens_;
  std::size_t next_;
};

class TemplateParser {
 public:
  explicit TemplateParser(std::string_view source) : source_(source) {}

  std::vector<Piece> run() {
    auto pieces = read_pieces(0);
    if (!ended_by_.empty())
      throw Trouble(action_at_, text("'{}' without if, with or range before it", ended_by_));
    return pieces;
  }

 private:
  // Up to an action that is `else` or `end`, which is then in `tokens_` and `ended_by_`; or up to the end of
  // the text.
  std::vector<Piece> read_pieces(int depth) {
    if (depth > k_deepest) throw Trouble(action_at_, "too many blocks in one another");
    std::vector<Piece> pieces;
    ended_by_.clear();
    while (at_ < source_.size()) {
      read_text(pieces);
      if (at_ >= source_.size()) break;
      if (skip_comment()) continue;
      read_action();
      const Token& first = tokens_.front();
      const bool word = first.kind == Token::Kind::word;
      if (word && (first.text == "else" || first.text == "end")) {
        ended_by_ = first.text;
        return pieces;
      }
      pieces.push_back(read_piece(depth));
      ended_by_.clear();
    }
    return pieces;
  }

  void read_text(std::vector<Piece>& pieces) {
    const auto open = std::min(source_.find("{{", at_), source_.size());
    std::string_view literal = source_.substr(at_, open - at_);
    if (trims_) literal.remove_prefix(std::min(literal.find_first_not_of(k_blanks), literal.size()));
    trims_ = false;
    at_ = open;
    if (open < source_.size() && opens_with_trim(open)) {
      const auto last = literal.find_last_not_of(k_blanks);
      literal = literal.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    if (!literal.empty()) pieces.push_back({.at = at_, .text = std::string{literal}});
  }

  // "{{- ": the blanks before it go.
  [[nodiscard]] bool opens_with_trim(std::size_t open) const {
    return source_.substr(open + 2).starts_with('-') && open + 3 < source_.size() &&
           is_blank(source_[open + 3]);
  }

  bool skip_comment() {
    std::size_t at = at_ + (opens_with_trim(at_) ? 3 : 2);
    if (at != at_ + 2) at = std::min(source_.find_first_not_of(k_blanks, at), source_.size());
    if (!source_.substr(at).starts_with("/*")) return false;
    const auto close = source_.find("*/", at + 2);
    if (close == std::string_view::npos) throw Trouble(at_, "this comment has no end");
    auto behind = source_.substr(close + 2);
    trims_ = !behind.empty() && is_blank(behind.front()) && behind.substr(1).starts_with("-}}");
    if (!trims_ && !behind.starts_with("}}")) throw Trouble(at_, "this comment has no }} behind it");
    at_ = close + 2 + (trims_ ? 4 : 2);
    return true;
  }

  void read_action() {
    action_at_ = at_;
    ActionLexer lexer{source_, at_ + (opens_with_trim(at_) ? 3 : 2)};
    tokens_ = lexer.run();
    trims_ = tokens_.back().trims;
    at_ = lexer.behind();
  }

  Piece read_piece(int depth) {
    const Token first = tokens_.front();
    const std::string word = first.kind == Token::Kind::word ? first.text : "";
    if (word == "if") return read_block(Piece::Kind::if_, depth, 1);
    if (word == "with") return read_block(Piece::Kind::with, depth, 1);
    if (word == "range") return read_block(Piece::Kind::range, depth, 1);
    if (word == "define" || word == "template" || word == "block")
      throw Trouble(first.at, text("'{}' names another template, and there is only this one", word));
    if (word == "break" || word == "continue") {
      if (ranges_ == 0) throw Trouble(first.at, text("'{}' outside of range", word));
      if (tokens_.size() != 2) throw Trouble(tokens_[1].at, text("unexpected word after '{}'", word));
      return {.kind = word == "break" ? Piece::Kind::break_ : Piece::Kind::continue_, .at = first.at};
    }
    if (first.kind == Token::Kind::end) throw Trouble(action_at_, "this action is empty");
    return {.kind = Piece::Kind::action, .at = first.at, .pipeline = PipelineParser{tokens_, 0}.run()};
  }

  Piece read_block(Piece::Kind kind, int depth, std::size_t condition) {
    const std::size_t opened = action_at_;
    Piece piece{.kind = kind, .at = tokens_.front().at, .pipeline = PipelineParser{tokens_, condition}.run()};
    if (piece.pipeline.variables.size() > 1 && kind != Piece::Kind::range)
      throw Trouble(piece.pipeline.at, "only range sets two variables");
    ranges_ += kind == Piece::Kind::range ? 1 : 0;
    piece.body = read_pieces(depth + 1);
    ranges_ -= kind == Piece::Kind::range ? 1 : 0;
    if (ended_by_ == "else") read_else(piece, depth);
    if (ended_by_ != "end") throw Trouble(opened, "this block has no {{end}}");
    if (tokens_.size() != 2 && tokens_.front().text == "end")
      throw Trouble(tokens_[1].at, "unexpected word after 'end'");
    return piece;
  }

  // {{else}}, {{else if ...}}, {{else with ...}}; the last two share the {{end}}.
  void read_else(Piece& piece, int depth) {
    if (tokens_.size() == 2) {
      piece.otherwise = read_pieces(depth + 1);
      if (ended_by_ == "else") throw Trouble(action_at_, "a second {{else}}");
      return;
    }
    const Token& second = tokens_[1];
    const bool word = second.kind == Token::Kind::word;
    if (!word || (second.text != "if" && second.text != "with"))
      throw Trouble(second.at, "unexpected word after 'else'");
    piece.otherwise.push_back(
        read_block(second.text == "if" ? Piece::Kind::if_ : Piece::Kind::with, depth + 1, 2));
  }

  std::string_view source_;
  std::size_t at_ = 0;
  bool trims_ = false;
  std::size_t action_at_ = 0;
  std::vector<Token> tokens_;
  std::string ended_by_;
  int ranges_ = 0;
};

}  // namespace

std::vector<Piece> parse_template(std::string_view source) {
  return TemplateParser{source}.run();
}

}  // namespace compose::ui::templates
