// Image references: any text is a reference or an Error, and the full form means the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "images/reference.hpp"

namespace images = compose::images;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    const auto reference = images::parse_reference(text);
    if (images::parse_reference(reference.full()) != reference) std::abort();
    if (images::parse_reference(reference.familiar()) != reference) std::abort();
  } catch (const compose::base::Error&) {
  }
  return 0;
}
