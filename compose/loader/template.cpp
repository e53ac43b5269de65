#include "compose/loader/template.hpp"

namespace compose::loader {

namespace {

constexpr std::size_t k_longest_result = 4U << 20U;
constexpr int k_deepest_word = 50;

bool starts_name(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

// One `${...}` taken apart; offsets are into the whole template.
struct Expression {
  std::string_view name;
  std::string_view operation;  // "", ":-", "-", ":+", "+", ":?", "?"
  std::size_t word_begin = 0;
  std::size_t word_end = 0;  // the closing brace
};

class Template {
 public:
  explicit Template(std::string_view text) : text_(text) {}

  [[nodiscard]] std::string_view name_at(std::size_t at) const {
    std::size_t end = at;
    if (end < text_.size() && starts_name(text_[end]))
      while (end < text_.size() && continues_name(text_[end])) ++end;
    return text_.substr(at, end - at);
  }

  // `at` is the offset of "${".
  [[nodiscard]] Expression expression_at(std::size_t at) const {
    Expression e{.name = name_at(at + 2)};
    if (e.name.empty()) invalid(at);
    std::size_t next = at + 2 + e.name.size();
    if (next >= text_.size()) invalid(at);
    if (text_[next] == '}') {
      e.word_begin = e.word_end = next;
      return e;
    }
    const std::size_t length = text_[next] == ':' ? 2 : 1;
    e.operation = text_.substr(next, length);
    if (e.operation.size() != length ||
        std::string_view{"-+?"}.find(e.operation.back()) == std::string_view::npos)
      invalid(at);
    e.word_begin = next + length;
    e.word_end = closing_brace(at, e.word_begin);
    return e;
  }

  [[nodiscard]] std::string_view slice(std::size_t begin, std::size_t end) const {
    return text_.substr(begin, end - begin);
  }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  [[noreturn]] void invalid(std::size_t at) const {
    throw TemplateError(
        at, base::text("invalid interpolation format '{}', you may need to escape any $ with another $",
                       text_.substr(at, 80)));
  }

  // Braces inside a word are balanced; a newline ends hope.
  [[nodiscard]] std::size_t closing_brace(std::size_t expression, std::size_t at) const {
    int open = 1;
    for (; at < text_.size() && text_[at] != '\n'; ++at) {
      if (text_[at] == '{') ++open;
      if (text_[at] == '}' && --open == 0) return at;
    }
    invalid(expression);
  }

  std::string_view text_;
};

class Substitution {
 public:
  explicit Substitution(const TemplateContext& context) : context_(context) {}

  std::string run(std::string_view text, std::size_t offset, int depth) {
    if (depth > k_deepest_word)
      throw TemplateError(offset, base::text("interpolation nested deeper than {} levels", k_deepest_word));
    const Template whole(text);
    std::string result;
    std::size_t at = 0;
    while (at < text.size()) {
      const auto dollar = text.find('$', at);
      result += text.substr(at, dollar - at);
      if (dollar == std::string_view::npos) break;
      at = expand(whole, dollar, offset, depth, result);
      if (result.size() > k_longest_result)
        throw TemplateError(
            offset, base::text("the interpolated value is longer than {} MiB", k_longest_result >> 20U));
    }
    return result;
  }

 private:
  template <class F>
  static auto with_offset(std::size_t offset, F&& f) {
    try {
      return f();
    } catch (const TemplateError& e) {
      throw TemplateError(offset + e.offset(), e.what());
    }
  }

  // Expands what stands at the dollar; returns the offset behind it.
  std::size_t expand(const Template& whole, std::size_t dollar, std::size_t offset, int depth,
                     std::string& result) {
    const auto text = whole.text();
    const char next = dollar + 1 < text.size() ? text[dollar + 1] : '\0';
    if (next == '$') {
      result += '$';
      return dollar + 2;
    }
    if (next == '{') {
      const auto expression = with_offset(offset, [&] { return whole.expression_at(dollar); });
      result += value_of(whole, expression, dollar, offset, depth);
      return expression.word_end + 1;
    }
    const auto name = whole.name_at(dollar + 1);
    if (name.empty()) {
      result += '$';
      return dollar + 1;
    }
    result += plain(name);
    return dollar + 1 + name.size();
  }

  std::string plain(std::string_view name) {
    if (auto value = context_.lookup(name)) return *std::move(value);
    if (context_.on_unset) context_.on_unset(name);
    return {};
  }

  std::string value_of(const Template& whole, const Expression& e, std::size_t dollar, std::size_t offset,
                       int depth) {
    if (e.operation.empty()) return plain(e.name);
    const auto word = [&] {
      return run(whole.slice(e.word_begin, e.word_end), offset + e.word_begin, depth + 1);
    };
    auto value = context_.lookup(e.name);
    const bool counts_as_set = value && !(e.operation[0] == ':' && value->empty());
    switch (e.operation.back()) {
      case '-':
        return counts_as_set ? *std::move(value) : word();
      case '+':
        return counts_as_set ? word() : std::string{};
      default:
        break;
    }
    if (counts_as_set) return *std::move(value);
    const auto reason = word();
    throw TemplateError(offset + dollar, base::text("required variable {} is missing a value{}", e.name,
                                                    reason.empty() ? reason : ": " + reason));
  }

  const TemplateContext& context_;
};

void collect_variables(std::string_view text, std::vector<TemplateVariable>& found, int depth) {
  const Template whole(text);
  if (depth > k_deepest_word) return;
  std::size_t at = 0;
  while ((at = text.find('$', at)) != std::string_view::npos) {
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (next == '{') {
      const auto e = whole.expression_at(at);
      const auto word = whole.slice(e.word_begin, e.word_end);
      TemplateVariable variable{.name = std::string{e.name}};
      if (!e.operation.empty()) {
        variable.required = e.operation.back() == '?';
        if (e.operation.back() == '-') variable.default_value = word;
        if (e.operation.back() == '+') variable.alternate_value = word;
      }
      found.push_back(std::move(variable));
      collect_variables(word, found, depth + 1);
      at = e.word_end + 1;
    } else {
      const auto name = whole.name_at(at + 1);
      if (!name.empty()) found.push_back({.name = std::string{name}});
      at += next == '$' ? 2 : 1 + name.size();
    }
  }
}

}  // namespace

std::string substitute(std::string_view text, const TemplateContext& context) {
  return Substitution{context}.run(text, 0, 0);
}

std::vector<TemplateVariable> variables_of(std::string_view text) {
  std::vector<TemplateVariable> found;
  collect_variables(text, found, 0);
  return found;
}

}  // namespace compose::loader
