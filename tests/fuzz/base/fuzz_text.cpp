// The small readers of base: sizes, durations, times, signals, paths.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/path.hpp"
#include "base/process.hpp"
#include "base/units.hpp"

namespace base = compose::base;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  static_cast<void>(base::parse_bytes(text));
  static_cast<void>(base::parse_duration(text));
  static_cast<void>(base::parse_time(text));
  static_cast<void>(base::parse_signal(text));
  const std::string clean = base::clean_path(text);
  if (base::clean_path(clean) != clean) std::abort();
  return 0;
}
