// Interpolation of one value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "compose/loader/template.hpp"

namespace loader = compose::loader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  loader::TemplateContext context;
  context.lookup = [](std::string_view name) -> std::optional<std::string> {
    if (name == "A") return "a";
    if (name == "EMPTY") return "";
    return std::nullopt;
  };
  try {
    static_cast<void>(loader::substitute(text, context));
    static_cast<void>(loader::variables_of(text));
  } catch (const compose::base::Error&) {
  }
  return 0;
}
