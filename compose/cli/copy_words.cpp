#include "compose/cli/copy_words.hpp"

#include "base/text.hpp"
#include "compose/cli/arguments.hpp"

namespace compose::cli {

CopyWord parse_copy_word(const std::string& word) {
  const auto colon = word.find(':');
  if (colon == std::string::npos || colon == 0 || word.starts_with('/') || word.starts_with('.'))
    return {.service = "", .path = word};
  return {.service = word.substr(0, colon), .path = word.substr(colon + 1)};
}

void check_copy_words(const CopyWord& from, const CopyWord& to) {
  if (!from.service.empty() && !to.service.empty())
    throw UsageError("copying between services is not supported: copy to a file or to - first");
  if (from.service.empty() && to.service.empty())
    throw UsageError("neither side is in a container: one of them must be SERVICE:PATH");
  for (const auto& word : {from, to})
    if (word.path.empty())
      throw UsageError(word.service.empty()
                           ? "the path is empty"
                           : base::text("\"{}:\" has no path: must be SERVICE:PATH", word.service));
}

}  // namespace compose::cli
