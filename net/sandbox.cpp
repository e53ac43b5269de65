#include "net/sandbox.hpp"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/kernel_parameter.hpp"
#include "base/sys.hpp"
#include "net/address_pool.hpp"
#include "net/link_names.hpp"
#include "net/netlink/link.hpp"
#include "net/netns.hpp"

namespace compose::net {

namespace sys = base::sys;
using base::text;

namespace {

constexpr std::uint32_t k_loopback_index = 1;  // the first link of every namespace

// /proc/sys/net shows the settings of the calling thread's namespace.
void write_setting(const std::string& path, std::string_view value) {
  const auto fd = sys::open(base::HostPath{path}, O_WRONLY);
  sys::write_all(fd.get(), value);
}

void write_setting_if_exists(const std::string& path, std::string_view value) {
  if (const auto fd = sys::open_if_exists(base::HostPath{path}, O_WRONLY)) sys::write_all(fd->get(), value);
}

bool wants_ipv6(std::span<const Plug> plugs) {
  return std::ranges::any_of(plugs, [](const Plug& p) { return !p.lease.ipv6.empty(); });
}

// Before the first link exists, so that none of them ever sends or accepts anything that was not asked for.
void set_ipv6_defaults(std::span<const Plug> plugs) {
  if (!wants_ipv6(plugs)) return write_setting_if_exists("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
  write_setting_if_exists("/proc/sys/net/ipv6/conf/default/accept_ra", "0");
  write_setting_if_exists("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
}

// Of several links, those on networks without IPv6; before they come up.
void disable_ipv6_where_unwanted(std::span<const Plug> plugs) {
  if (!wants_ipv6(plugs)) return;
  for (const auto& plug : plugs)
    if (plug.lease.ipv6.empty())
      write_setting_if_exists(
          text("/proc/sys/net/ipv6/conf/{}/disable_ipv6", interface_name(plug.lease.index)), "1");
}

netlink::Mac mac_bytes(const Lease& lease) {
  const auto bytes = parse_mac(lease.mac);
  if (!bytes) base::fail("network '{}': '{}' is not a MAC address", lease.network_name, lease.mac);
  netlink::Mac mac{};
  std::ranges::copy(*bytes, mac.begin());
  return mac;
}

netlink::Batch link_requests(std::uint32_t group, int netns, std::span<const Plug> plugs) {
  netlink::Batch batch;
  for (const auto& plug : plugs) {
    const std::string name = veth_name(plug.lease.container, plug.lease.index);
    netlink::add_veth(batch, {.host_name = name,
                              .inside_name = interface_name(plug.lease.index),
                              .inside_mac = mac_bytes(plug.lease),
                              .mtu = plug.mtu,
                              .bridge_index = plug.bridge_index,
                              .group = group,
                              .netns = netns,
                              .isolated = plug.isolated});
    netlink::add_port_up(batch, name, plug.isolated);
  }
  return batch;
}

void delete_links(netlink::Socket& host, std::span<const Plug> plugs) {
  netlink::Batch batch;
  for (const auto& plug : plugs)
    netlink::add_delete_link(batch, veth_name(plug.lease.container, plug.lease.index));
  host.run(batch);
}

// A container whose shim was killed leaves its links to a namespace that the kernel takes apart some time
// later.
void plug_links(netlink::Socket& host, std::uint32_t group, int netns, std::span<const Plug> plugs) {
  if (plugs.empty()) return;
  try {
    auto batch = link_requests(group, netns, plugs);
    host.run(batch);
  } catch (const base::SysError& e) {
    if (e.code() != EEXIST) throw;
    delete_links(host, plugs);
    auto batch = link_requests(group, netns, plugs);
    host.run(batch);
  }
}

std::uint32_t interface_index(const netlink::Socket& socket, const std::string& name) {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), name.size());
  base::check(::ioctl(socket.fd(), SIOCGIFINDEX, &request), "look for link '{}'", name);
  return static_cast<std::uint32_t>(request.ifr_ifindex);
}

void add_lease(netlink::Batch& batch, const Lease& lease, std::uint32_t index) {
  netlink::add_link_up(batch, index, interface_name(lease.index));
  const auto add = [&](const std::string& address, int prefix, const std::string& gateway) {
    const auto own = IpAddress::parse(address);
    if (!own) return;
    netlink::add_address(batch, index, *own, prefix);
    const auto way_out = IpAddress::parse(gateway);
    if (lease.default_route && way_out) netlink::add_default_route(batch, index, *way_out);
  };
  add(lease.ipv4, lease.ipv4_prefix, lease.ipv4_gateway);
  add(lease.ipv6, lease.ipv6_prefix, lease.ipv6_gateway);
}

void configure_inside(std::span<const Plug> plugs) {
  netlink::Socket inside{NETLINK_ROUTE};
  netlink::Batch batch;
  netlink::add_link_up(batch, k_loopback_index, "lo");
  for (const auto& plug : plugs)
    add_lease(batch, plug.lease, interface_index(inside, interface_name(plug.lease.index)));
  inside.run(batch);
  // IPv6 takes no part in a link before it is operational; IPv4 does not ask.
  for (const auto& plug : plugs)
    if (!plug.lease.ipv6.empty()) netlink::wait_until_operational(inside, interface_name(plug.lease.index));
}

void apply_sysctls(const std::map<std::string, std::string>& sysctls) {
  for (const auto& [key, value] : sysctls)
    if (key.starts_with("net.") || key.starts_with("net/"))
      base::with_context(text("sysctl '{}'", key), [&] { write_setting(sysctl_path(key), value); });
}

}  // namespace

std::string sysctl_path(const std::string& key) {
  const auto path = base::parameter_path(key);
  if (!path || !path->starts_with("net/"))
    base::fail("sysctl '{}' is not a setting of the network namespace", key);
  return "/proc/sys/" + *path;
}

Sandbox build_sandbox(netlink::Socket& host, std::uint32_t group, const SandboxSpec& spec,
                      std::span<const Plug> plugs) {
  base::fault_point("net.sandbox.begin");
  Sandbox sandbox;
  {
    NewNetns netns;
    set_ipv6_defaults(plugs);
    plug_links(host, group, netns.fd(), plugs);
    base::fault_point("net.sandbox.linked");
    disable_ipv6_where_unwanted(plugs);
    configure_inside(plugs);
    apply_sysctls(spec.sysctls);
    for (const auto& plug : plugs) {
      netlink::wait_until_operational(host, veth_name(plug.lease.container, plug.lease.index));
      // A bridge has a carrier when its first port has.
      if (plug.may_be_first) netlink::wait_until_operational(host, plug.bridge);
    }
    sandbox.dns = dns::open_dns_sockets(netns.fd());
    sandbox.netns = netns.take();
  }
  base::fault_point("net.sandbox.built");
  return sandbox;
}

}  // namespace compose::net
