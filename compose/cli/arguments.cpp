#include "compose/cli/arguments.hpp"

#include <charconv>

#include <CLI/CLI.hpp>

#include "base/text.hpp"

namespace compose::cli {
namespace {

// Options in two columns, without the types that CLI11 would print.
class HelpText final : public CLI::Formatter {
 public:
  HelpText() { column_width(34); }
  std::string make_usage(const CLI::App*, std::string) const override { return ""; }
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_type_size() == 0 ? "" : " " + option->get_type_name();
  }
};

// CLI11 says which word it did not understand; a person wants to know what kind of word that was.
std::string describe_unknown(const std::string& word) {
  if (word.starts_with("--")) return base::text("unknown flag: {}", word.substr(0, word.find('=')));
  if (word.starts_with("-") && word.size() > 1)
    return base::text("unknown shorthand flag: '{}' in {}", word[1], word);
  return base::text("unexpected argument '{}'", word);
}

}  // namespace

struct Arguments::State {
  struct Words {
    std::vector<std::string>* into = nullptr;
    std::string name;
    std::string help;
    std::size_t at_least = 0;
    std::optional<std::size_t> at_most;
    bool verbatim = false;
  };
  CLI::App app;
  std::string usage;
  std::string description;
  std::string examples;
  Words words;
  bool help = false;

  void collect(const std::vector<std::string>& left);
  [[nodiscard]] std::string spelled_out(const std::string& word) const;
};

Arguments::Arguments(std::string usage, std::string description) : state_(std::make_unique<State>()) {
  state_->usage = std::move(usage);
  state_->description = std::move(description);
  state_->app.set_help_flag();
  state_->app.formatter(std::make_shared<HelpText>());
  state_->app.allow_extras();
  flag("-h,--help", state_->help, "Show this help and exit");
}

Arguments::~Arguments() = default;

namespace {

void describe(CLI::Option* option, const std::string& help) {
  if (help.starts_with("!"))
    option->group("");
  else
    option->group("Options");
}

}  // namespace

void Arguments::flag(const std::string& names, bool& into, const std::string& help) {
  describe(state_->app.add_flag(names, into, help), help);
}

void Arguments::value(const std::string& names, std::string& into, const std::string& placeholder,
                      const std::string& help) {
  describe(state_->app.add_option(names, into, help)->type_name(placeholder)->take_last(), help);
}

void Arguments::value(const std::string& names, std::optional<std::string>& into,
                      const std::string& placeholder, const std::string& help) {
  auto store = [&into](const std::string& text) { into = text; };
  describe(
      state_->app.add_option_function<std::string>(names, store, help)->type_name(placeholder)->take_last(),
      help);
}

void Arguments::value(const std::string& names, std::optional<int>& into, const std::string& placeholder,
                      const std::string& help) {
  const std::string shown = names.substr(names.find("--") == std::string::npos ? 0 : names.find("--"));
  auto store = [&into, shown](const std::string& text) {
    int number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec != std::errc{} || end.ptr != text.data() + text.size() || text.empty())
      throw UsageError(base::text("invalid argument \"{}\" for {}: must be a whole number", text, shown));
    into = number;
  };
  describe(
      state_->app.add_option_function<std::string>(names, store, help)->type_name(placeholder)->take_last(),
      help);
}

void Arguments::values(const std::string& names, std::vector<std::string>& into,
                       const std::string& placeholder, const std::string& help) {
  auto* option = state_->app.add_option(names, into, help)->type_name(placeholder);
  option->allow_extra_args(false);
  describe(option, help);
}

void Arguments::words(std::vector<std::string>& into, const std::string& name, const std::string& help,
                      std::size_t at_least, std::optional<std::size_t> at_most) {
  state_->words = {&into, name, help, at_least, at_most, false};
}

void Arguments::words_verbatim(std::vector<std::string>& into, const std::string& name,
                               const std::string& help, std::size_t at_least) {
  state_->words = {&into, name, help, at_least, std::nullopt, true};
  state_->app.prefix_command();
}

void Arguments::examples(std::string text) {
  state_->examples = std::move(text);
}

void Arguments::State::collect(const std::vector<std::string>& left) {
  bool only_words = false;
  bool first = true;
  for (const auto& word : left) {
    const bool may_be_option = words.verbatim ? first : !only_words;
    if (may_be_option && word == "--") {
      only_words = true;
      continue;
    }
    if (may_be_option && word.size() > 1 && word.starts_with('-')) throw UsageError(describe_unknown(word));
    first = false;
    if (words.into == nullptr) throw UsageError(describe_unknown(word));
    words.into->push_back(word);
  }
  const std::size_t count = words.into == nullptr ? 0 : words.into->size();
  const std::string verb = usage.substr(0, usage.find(' '));
  if (count < words.at_least)
    throw UsageError(base::text("\"compose {}\" needs {}\n\nUsage:  compose {}", verb, words.name, usage));
  if (words.at_most && count > *words.at_most)
    throw UsageError(base::text("\"compose {}\" takes at most {} argument(s): '{}' is one too many", verb,
                                *words.at_most, (*words.into)[*words.at_most]));
}

// "-p=false" is "--pause=false"; CLI11 would take "=false" for the value.
std::string Arguments::State::spelled_out(const std::string& word) const {
  if (word.size() < 3 || word[0] != '-' || word[1] == '-' || word[2] != '=') return word;
  const auto* option = app.get_option_no_throw(word.substr(0, 2));
  if (option == nullptr || option->get_lnames().empty()) return word;
  return "--" + option->get_lnames().front() + word.substr(2);
}

void Arguments::parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());  // as CLI11 wants it
  if (!state_->words.verbatim)
    for (auto word = reversed.rbegin(); word != reversed.rend() && *word != "--"; ++word)
      *word = state_->spelled_out(*word);
  try {
    state_->app.parse(reversed);
  } catch (const CLI::ArgumentMismatch& e) {
    throw UsageError(base::text("flag needs an argument: {}",
                                std::string{e.what()}.substr(0, std::string{e.what()}.find(':'))));
  } catch (const CLI::ParseError& e) {
    throw UsageError(e.what());
  }
  if (!state_->help) state_->collect(state_->app.remaining());
}

bool Arguments::help_wanted() const noexcept {
  return state_->help;
}

std::string Arguments::help() const {
  std::string out = base::text("Usage:  compose {}\n\n{}\n", state_->usage, state_->description);
  if (state_->words.into != nullptr && !state_->words.help.empty())
    out += base::text("\nArguments:\n  {}  {}\n", state_->words.name, state_->words.help);
  out += state_->app.help();
  if (!state_->examples.empty()) out += "\nExamples:\n" + state_->examples;
  return out;
}

}  // namespace compose::cli
