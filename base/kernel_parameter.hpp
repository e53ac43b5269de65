#pragma once
// Names of kernel parameters, as sysctl(8) takes them. Pure.
#include <optional>
#include <string>
#include <string_view>

namespace compose::base {

// Below /proc/sys. "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same; the first separator decides,
// so that in "net.ipv4.conf.eth0/100.mtu" the slash stands for a dot in a name. nullopt: no name of a
// parameter, or one that leads elsewhere.
[[nodiscard]] std::optional<std::string> parameter_path(std::string_view key);

}  // namespace compose::base
