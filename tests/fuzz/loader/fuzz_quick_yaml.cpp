// Where the quick reader has an answer, yaml-cpp has the same one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "compose/loader/parse_yaml.hpp"
#include "compose/loader/quick_yaml.hpp"

namespace loader = compose::loader;

namespace {

// What parse_yaml lets through.
bool is_text(const std::string& text) {
  loader::Sources sources;
  loader::Diagnostics diagnostics(sources);
  static_cast<void>(loader::parse_yaml(sources, sources.add("fuzz.yaml", text), diagnostics));
  return !diagnostics.failed();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  if (!is_text(text)) return 0;
  loader::Sources sources;
  loader::Diagnostics diagnostics(sources);
  const auto source = sources.add("fuzz.yaml", text);
  const auto quick = loader::parse_quickly(sources, source);
  if (!quick) return 0;
  const auto full = loader::parse_with_library(sources, source, diagnostics);
  if (diagnostics.failed() || !(*quick == full)) std::abort();
  return 0;
}
