#pragma once
// .dockerignore: which paths of a build context exist for the build. One pattern a line, '#' comments, '!'
// takes back; a pattern also covers what is below a directory it matches; the last one that matches decides.
#include <string>
#include <string_view>
#include <vector>

#include "images/build/glob.hpp"

namespace compose::images {

class IgnoreRules {
 public:
  IgnoreRules() = default;
  // Error: ".dockerignore:3: pattern '[': the '[' is not closed".
  IgnoreRules(std::string_view text, const std::string& name);
  // COPY --exclude.
  explicit IgnoreRules(const std::vector<std::string>& patterns);

  [[nodiscard]] bool empty() const noexcept { return rules_.empty(); }
  // `path` is relative to the context, without "./": "src/main.c".
  [[nodiscard]] bool ignores(std::string_view path) const;
  // May something below an ignored directory still be wanted?
  [[nodiscard]] bool has_exceptions() const noexcept { return has_exceptions_; }

 private:
  void add(std::string_view pattern);
  struct Rule {
    Glob glob;
    bool exception = false;
  };
  std::vector<Rule> rules_;
  bool has_exceptions_ = false;
};

}  // namespace compose::images
