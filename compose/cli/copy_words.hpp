#pragma once
// The two words of `cp`: SERVICE:PATH is a place in a container, anything else one of ours, "-" a tar. Pure.
#include <string>

namespace compose::cli {

struct CopyWord {
  std::string service;  // "": not in a container
  std::string path;
  [[nodiscard]] bool is_tar() const { return service.empty() && path == "-"; }
  bool operator==(const CopyWord&) const = default;
};

// "./a:b", "/a:b" and ".:b" are paths of ours.
[[nodiscard]] CopyWord parse_copy_word(const std::string& word);

// UsageError unless exactly one of them is in a container, and both are something.
void check_copy_words(const CopyWord& from, const CopyWord& to);

}  // namespace compose::cli
