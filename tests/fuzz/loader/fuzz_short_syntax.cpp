// The short forms of ports, mounts, devices, hosts and commands.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "compose/loader/short_syntax.hpp"
#include "tests/fuzz/attempt.hpp"

namespace loader = compose::loader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  attempt([&] { return loader::parse_port(text); });
  attempt([&] { return loader::parse_mount(text); });
  attempt([&] { return loader::parse_device(text); });
  attempt([&] { return loader::parse_host(text); });
  attempt([&] { return loader::split_words(text); });
  return 0;
}
