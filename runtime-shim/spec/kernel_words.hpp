#pragma once
// Words of the kernel that files use: capabilities(7), getrlimit(2), sysctl(8). One list of each, for whoever
// checks a file and for whoever makes the container.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace compose::rt {

// Without "CAP_", in the order of their numbers.
std::span<const std::string_view> capability_words();
// "CAP_NET_RAW" -> 13; any case, prefix optional. nullopt: no such capability.
std::optional<int> capability_number(std::string_view name);

struct NamedLimit {
  std::string_view name;  // "nofile"
  int resource;           // RLIMIT_NOFILE
};
std::span<const NamedLimit> resource_limits();

// The namespace that a kernel parameter (base/kernel_parameter.hpp) belongs to; `host`: none, it is the
// machine's.
enum class ParameterHome : std::uint8_t { host, network, ipc, uts };
ParameterHome home_of_parameter(std::string_view key);

}  // namespace compose::rt
