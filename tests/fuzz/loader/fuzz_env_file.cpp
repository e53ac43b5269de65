// An env file in both formats: a problem has a place, never a crash.
#include <cstddef>
#include <cstdint>
#include <string>

#include "compose/loader/env_file.hpp"

namespace loader = compose::loader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const bool raw : {false, true}) {
    loader::Sources sources;
    loader::Diagnostics diagnostics(sources);
    const auto source = sources.add("fuzz.env", std::string{reinterpret_cast<const char*>(data), size});
    const loader::EnvFileReader reader{.lookup = [](std::string_view name) -> std::optional<std::string> {
                                         if (name == "A") return "a";
                                         return std::nullopt;
                                       },
                                       .raw = raw};
    static_cast<void>(loader::parse_env_file(sources, source, reader, diagnostics));
  }
  return 0;
}
