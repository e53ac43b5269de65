#pragma once
// The command line, behind a small face: the only place of the project that sees CLI11. Used by the CLI's
// process at start-up only. A parser is made for the invoked verb alone, so that starting costs the same
// however many verbs there are.
//
// Destinations must outlive parse(). Wrong use throws UsageError, whose message is what the user sees.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace compose::cli {

class UsageError final : public base::Error {
 public:
  using base::Error::Error;
};

class Arguments {
 public:
  // `usage`: what follows "Usage:  compose ", e.g. "up [OPTIONS] [SERVICE...]".
  Arguments(std::string usage, std::string description);
  ~Arguments();
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;

  // `names` as "-f,--file"; several long names are synonyms. `help` starting with "!" hides the option from
  // --help. Sets `into`; "--name=false" clears it.
  void flag(const std::string& names, bool& into, const std::string& help);
  void value(const std::string& names, std::string& into, const std::string& placeholder,
             const std::string& help);
  void value(const std::string& names, std::optional<std::string>& into, const std::string& placeholder,
             const std::string& help);
  void value(const std::string& names, std::optional<int>& into, const std::string& placeholder,
             const std::string& help);
  void values(const std::string& names, std::vector<std::string>& into, const std::string& placeholder,
              const std::string& help);

  // What is left: words that are not options, anywhere on the line.
  void words(std::vector<std::string>& into, const std::string& name, const std::string& help,
             std::size_t at_least = 0, std::optional<std::size_t> at_most = std::nullopt);
  // The same, but everything from the first such word on is taken as it stands (exec, run).
  void words_verbatim(std::vector<std::string>& into, const std::string& name, const std::string& help,
                      std::size_t at_least);
  void examples(std::string text);

  void parse(const std::vector<std::string>& arguments);
  [[nodiscard]] bool help_wanted() const noexcept;
  [[nodiscard]] std::string help() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace compose::cli
