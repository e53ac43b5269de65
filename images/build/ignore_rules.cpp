#include "images/build/ignore_rules.hpp"

#include "base/error.hpp"
#include "base/path.hpp"
#include "images/build/dockerfile_lexer.hpp"

namespace compose::images {

IgnoreRules::IgnoreRules(std::string_view text, const std::string& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.starts_with('#')) continue;
    base::with_context(base::text("{}:{}", name, number), [&] { add(line); });
  }
}

IgnoreRules::IgnoreRules(const std::vector<std::string>& patterns) {
  for (const auto& pattern : patterns) add(pattern);
}

void IgnoreRules::add(std::string_view pattern) {
  pattern = trim(pattern);
  if (pattern.empty()) return;
  const bool exception = pattern.starts_with('!');
  if (exception) pattern = trim(pattern.substr(1));
  if (pattern.empty()) base::fail("'!' without a pattern");
  auto clean = base::clean_path(pattern);
  while (clean.starts_with('/')) clean.erase(0, 1);
  if (clean == ".") return;  // means nothing, by tradition
  rules_.push_back({.glob = Glob{clean}, .exception = exception});
  has_exceptions_ = has_exceptions_ || exception;
}

bool IgnoreRules::ignores(std::string_view path) const {
  bool ignored = false;
  for (const auto& rule : rules_) {
    if (rule.exception != ignored) continue;  // it could not change the answer
    bool matches = rule.glob.matches(path);
    for (auto slash = path.find('/'); !matches && slash != std::string_view::npos;
         slash = path.find('/', slash + 1))
      matches = rule.glob.matches(path.substr(0, slash));
    if (matches) ignored = !rule.exception;
  }
  return ignored;
}

}  // namespace compose::images
