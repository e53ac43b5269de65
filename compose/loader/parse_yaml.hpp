#pragma once
// Bytes -> documents (trees of Node). The only place that knows yaml-cpp: its event parser is driven into our
// own tree. A null has the mark of its key, or of its list. Aliases and `<<` are expanded here; `!reset` and
// `!override` become directives.
//
// Limits, each with a message of its own: 8 MiB a file, 100 levels, 1,000,000 values after the aliases are
// expanded. Text must be UTF-8 without NUL and other control characters.
#include <vector>

#include "compose/loader/node.hpp"

namespace compose::loader {

inline constexpr std::size_t k_largest_file = 8U << 20U;
inline constexpr std::size_t k_deepest_level = 100;
inline constexpr std::size_t k_most_values = 1'000'000;

// The documents of `source` in order; none for an empty file. A syntax error is reported and ends the file:
// what was read before it is returned.
std::vector<Node> parse_yaml(const Sources& sources, std::uint32_t source, Diagnostics& diagnostics);

// The same without the shortcut for ordinary files (quick_yaml.hpp) and without the checks of size and bytes.
std::vector<Node> parse_with_library(const Sources& sources, std::uint32_t source, Diagnostics& diagnostics);

}  // namespace compose::loader
