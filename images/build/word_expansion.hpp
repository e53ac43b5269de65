#pragma once
// Variables and quotes in Dockerfile words: $name, ${name}, ${name:-word} and its relatives, ${name#glob},
// ${name/glob/new}; single quotes keep, double quotes expand, the escape character keeps the next one. Pure.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace compose::images {

using VariableLookup = std::function<std::optional<std::string>(std::string_view name)>;

// One word as the Dockerfile's frontend would see it: quotes removed, variables replaced; an unset one is
// empty. Error: "${x: missing '}'", or the message of ${name:?message}.
[[nodiscard]] std::string expand_word(std::string_view word, const VariableLookup& lookup,
                                      char escape = '\\');

// The body of a heredoc: variables are replaced, quotes are text, a backslash keeps the next character.
[[nodiscard]] std::string expand_heredoc(std::string_view text, const VariableLookup& lookup);

}  // namespace compose::images
