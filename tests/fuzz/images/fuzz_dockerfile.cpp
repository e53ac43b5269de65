// Dockerfiles, their words, .dockerignore files and the spellings of contexts and caches: any text gives
// values or an Error, in time that the text's size bounds.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "images/build/dockerfile_check.hpp"
#include "images/build/ignore_rules.hpp"
#include "images/build/named_context.hpp"
#include "images/build/remote_cache.hpp"
#include "images/build/stage_plan.hpp"
#include "tests/fuzz/attempt.hpp"

namespace images = compose::images;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name.size() % 2 == 0) return std::nullopt;
    return std::string{name};
  };
  attempt([&] {
    const auto dockerfile = images::parse_dockerfile(text, "Dockerfile");
    (void)images::check_dockerfile(dockerfile, {});
    (void)images::plan_stages(dockerfile, {}, {}, "");
  });
  attempt([&] { (void)images::parse_context(text); });
  attempt([&] { (void)images::parse_cache_location(text); });
  attempt([&] { (void)images::expand_word(text, lookup); });
  attempt([&] { (void)images::expand_heredoc(text, lookup); });
  attempt([&] { (void)images::IgnoreRules{text, ".dockerignore"}.ignores("some/path/of/a.file"); });
  return 0;
}
