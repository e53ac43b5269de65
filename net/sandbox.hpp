#pragma once
// Builds one container's network namespace: links, addresses, routes, kernel settings and the resolver's
// sockets. Two netlink conversations: one on the host's side that makes the links with their far ends inside,
// one inside.
#include <span>
#include <string>
#include <vector>

#include "net/dns/dns_sockets.hpp"
#include "net/netlink/batch.hpp"
#include "net/network_manager.hpp"
#include "net/spec/sandbox_spec.hpp"

namespace compose::net {

// Where a lease is plugged in; read once for a batch by the caller.
struct Plug {
  Lease lease;
  std::string bridge;
  std::uint32_t bridge_index = 0;
  bool may_be_first = true;  // the bridge may have had no port so far
  std::uint32_t mtu = 1500;
  bool isolated = false;
};

// `host` is a socket of the host's namespace. `group` marks our links.
Sandbox build_sandbox(netlink::Socket& host, std::uint32_t group, const SandboxSpec& spec,
                      std::span<const Plug> plugs);

// "net.ipv4.conf.eth0/1.x" -> path below /proc/sys; Error for what is not a setting of the network.
std::string sysctl_path(const std::string& key);

}  // namespace compose::net
