// A container spec from the wire or from JSON: damaged bytes are an Error, and what is accepted survives the
// way back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/wire.hpp"
#include "runtime-shim/spec/container_spec.hpp"

using compose::rt::ContainerSpec;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  try {
    const auto spec = compose::base::from_wire<ContainerSpec>(bytes);
    if (!(compose::base::from_wire<ContainerSpec>(compose::base::to_wire(spec)) == spec)) std::abort();
  } catch (const compose::base::Error&) {
  }
  try {
    static_cast<void>(compose::base::parse_record<ContainerSpec>(bytes, "a container spec"));
  } catch (const compose::base::Error&) {
  }
  return 0;
}
