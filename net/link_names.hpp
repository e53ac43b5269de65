#pragma once
// Names of what this room makes in the kernel. At most 15 bytes for links (IFNAMSIZ). Ids are random, so
// names of two roots never meet; the root's hash tells which root a link or table belongs to: it is the link
// group (ip link, "group") of every link of ours. Pure.
#include <cstdint>
#include <string>

#include "base/path.hpp"
#include "net/spec/network_spec.hpp"

namespace compose::net {

inline constexpr const char* k_default_run_root = "/run/compose";

[[nodiscard]] std::string bridge_name(const NetworkId& id);                    // "cmp-1f2e3d4c"
[[nodiscard]] std::string veth_name(const std::string& container, int index);  // "cv0123456789" + index digit
[[nodiscard]] std::string interface_name(int index);                           // "eth0", inside
[[nodiscard]] std::uint32_t link_group(const base::HostPath& run_root);    // never 0, the kernel's default
[[nodiscard]] std::string firewall_table(const base::HostPath& run_root);  // "compose", "compose-1f2e3d4c"

inline constexpr int k_max_interfaces = 36;  // one digit in veth_name

}  // namespace compose::net
