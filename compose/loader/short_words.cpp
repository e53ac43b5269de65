#include "compose/loader/short_syntax.hpp"

namespace compose::loader {

namespace {

class WordSplitter {
 public:
  explicit WordSplitter(std::string_view line) : line_(line) {}

  Words run() {
    for (at_ = 0; at_ < line_.size(); ++at_) {
      if (ends_command(line_[at_])) {
        drop_descriptor_number();
        result_.cut_at = at_;
        break;
      }
      take(line_[at_]);
    }
    if (escaped_ || single_ || double_ || backquote_ || substitution_)
      base::fail("unbalanced quotes or parentheses in command '{}'", line_);
    finish_word();
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool quoted() const { return single_ || double_ || backquote_ || substitution_; }

  [[nodiscard]] bool ends_command(char c) const {
    return !escaped_ && !quoted() && std::string_view{";&|<>"}.find(c) != std::string_view::npos;
  }

  // "2>file": the 2 is no argument.
  void drop_descriptor_number() {
    if (line_[at_] == '>' && !word_.empty() && word_[0] >= '0' && word_[0] <= '9') started_ = false;
  }

  void finish_word() {
    if (started_) result_.words.push_back(std::move(word_));
    word_.clear();
    started_ = false;
  }

  void add(char c) {
    word_ += c;
    started_ = true;
  }

  void take(char c) {
    if (escaped_) {
      escaped_ = false;
      return add(c == 't' ? '\t' : c == 'n' ? '\n' : c);
    }
    switch (c) {
      case '\\':
        if (single_)
          word_ += c;
        else
          escaped_ = true;
        return;
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        if (quoted())
          word_ += c;
        else
          finish_word();
        return;
      case '"':
        if (single_ || substitution_) return add(c);
        return toggle(double_);
      case '\'':
        if (double_ || substitution_) return add(c);
        return toggle(single_);
      case '`':
        if (!single_ && !double_ && !substitution_) backquote_ = !backquote_;
        return add(c);
      case '(':
        return open_parenthesis();
      case ')':
        if (!single_ && !double_ && !backquote_) substitution_ = !substitution_;
        return add(c);
      default:
        return add(c);
    }
  }

  // A closing quote makes a word, even an empty one.
  void toggle(bool& quote) {
    if (quote) started_ = true;
    quote = !quote;
  }

  void open_parenthesis() {
    if (!single_ && !double_ && !backquote_) {
      if (substitution_ || !word_.ends_with('$')) base::fail("'(' without quotes in command '{}'", line_);
      substitution_ = true;
    }
    add('(');
  }

  std::string_view line_;
  std::size_t at_ = 0;
  Words result_;
  std::string word_;
  bool started_ = false;
  bool escaped_ = false;
  bool single_ = false;
  bool double_ = false;
  bool backquote_ = false;
  bool substitution_ = false;
};

}  // namespace

Words split_words(std::string_view line) {
  return WordSplitter{line}.run();
}

}  // namespace compose::loader
