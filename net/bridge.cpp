#include "net/bridge.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <linux/rtnetlink.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/id.hpp"
#include "base/sys.hpp"
#include "net/address_pool.hpp"
#include "net/netlink/link.hpp"

namespace compose::net {

namespace sys = base::sys;
using base::HostPath;
using base::text;

namespace {

std::string setting(const HostPath& path) {
  auto value = base::read_file_if_exists(path, 64).value_or("");
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

void write_if_other(const HostPath& path, std::string_view value) {
  const std::string now = setting(path);
  if (now.empty() || now == value) return;  // empty: this kernel has no such setting
  sys::write_all(sys::open(path, O_WRONLY).get(), value);
}

netlink::Mac random_mac() {
  netlink::Mac mac{0x02, 0x42};
  for (std::size_t i = 2; i < mac.size(); ++i)
    mac[i] = static_cast<std::uint8_t>(std::stoul(base::random_hex(1), nullptr, 16));
  return mac;
}

}  // namespace

void ensure_bridge(netlink::Socket& socket, const BridgeSpec& spec) {
  auto link = netlink::find_link(socket, spec.name);
  if (link && link->kind != "bridge") base::fail("link '{}' exists already and is not a bridge", spec.name);
  if (!link) {
    netlink::Batch batch;
    netlink::add_bridge(batch,
                        {.name = spec.name, .mac = random_mac(), .mtu = spec.mtu, .group = spec.group});
    socket.run(batch);
    link = netlink::find_link(socket, spec.name);
  }
  if (!link) base::fail("bridge '{}' disappeared while it was made", spec.name);
  const HostPath ipv6{"/proc/sys/net/ipv6/conf/" + spec.name};
  write_if_other(ipv6 / "accept_ra", "0");
  write_if_other(ipv6 / "disable_ipv6", spec.enable_ipv6 ? "0" : "1");
  netlink::Batch batch;
  if (!link->up) netlink::add_link_up(batch, link->index, spec.name);
  for (const auto& each : spec.pools) {
    const Pool pool = make_pool(each);
    netlink::add_address(batch, link->index, pool.gateway, pool.subnet.prefix);
    batch.tolerate(EEXIST);
  }
  socket.run(batch);
}

bool leave_bridge(netlink::Socket& socket, const std::string& name, std::uint32_t group) {
  const auto link = netlink::find_link(socket, name);
  if (!link || link->group == group) return link.has_value();
  netlink::Batch batch;
  for (const auto& address : netlink::list_addresses(socket))
    if (address.index == link->index && address.ours)
      netlink::add_remove_address(batch, link->index, address.address, address.prefix);
  socket.run(batch);
  return false;
}

std::vector<Subnet> taken_subnets(netlink::Socket& socket) {
  std::vector<Subnet> taken;
  for (const auto& a : netlink::list_addresses(socket)) taken.push_back(Subnet::of(a.address, a.prefix));
  for (const auto& route : netlink::list_routes(socket)) taken.push_back(route.destination);
  return taken;
}

std::uint32_t host_mtu(netlink::Socket& socket) {
  std::uint32_t mtu = 1500;
  for (const auto& route : netlink::list_routes(socket)) {
    if (route.destination.prefix != 0 || route.table != RT_TABLE_MAIN || route.index == 0) continue;
    const auto link = netlink::find_link(socket, route.index);
    if (link && link->mtu >= 576) mtu = std::min(mtu, link->mtu);
  }
  return mtu;
}

void enable_forwarding(bool ipv6) {
  write_if_other(HostPath{"/proc/sys/net/ipv4/ip_forward"}, "1");
  const HostPath all{"/proc/sys/net/ipv6/conf/all/forwarding"};
  if (!ipv6 || setting(all) != "0") return;
  // A host that forwards ignores router advertisements, unless told to accept them all the same; without this
  // it would lose its own default route.
  const HostPath links{"/proc/sys/net/ipv6/conf"};
  for (const auto& name : base::list_directory(links))
    if (name != "all" && name != "default" && setting(links / name / "accept_ra") == "1")
      write_if_other(links / name / "accept_ra", "2");
  write_if_other(all, "1");
}

void allow_loopback_publishing(const std::string& bridge) {
  write_if_other(HostPath{"/proc/sys/net/ipv4/conf/" + bridge + "/route_localnet"}, "1");
}

}  // namespace compose::net
