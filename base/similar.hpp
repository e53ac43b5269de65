#pragma once
// Which known word was meant: for "did you mean".
#include <span>
#include <string_view>

namespace compose::base {

// The candidate nearest to `word` by edit distance, or "" when none is near.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace compose::base
