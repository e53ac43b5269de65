#include "net/netlink/link.hpp"

#include <cerrno>
#include <cstring>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <sys/socket.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::net::netlink {

using base::text;

namespace {

// Who made an address (IFA_PROTO, rtnetlink(7)); the kernel has 1 to 3. Kernels before 5.18 forget it.
constexpr std::uint8_t k_our_address = 0xc0;
constexpr int k_news_patience = 100;  // milliseconds
constexpr int k_most_news = 1000;     // a host whose links change without pause does not keep us for ever

ifinfomsg up_header(std::uint32_t index) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(index);
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  return header;
}

// The queues of a veth do nothing for its speed (it hands packets over on the sender's processor), but each
// costs a sysfs directory when the link is made and removed.
void put_single_queue(nl_msg* m) {
  put_u32(m, IFLA_NUM_TX_QUEUES, 1);
  put_u32(m, IFLA_NUM_RX_QUEUES, 1);
}

// Switches on an option of a link as a port of its bridge.
void add_port_option(Batch& batch, const std::string& name, int option, std::string doing) {
  const ifinfomsg header{};
  nl_msg* m = batch.add(RTM_NEWLINK, 0, &header, sizeof header, std::move(doing));
  put_string(m, IFLA_IFNAME, name);
  put_nested(m, IFLA_LINKINFO, [&] {
    put_string(m, IFLA_INFO_SLAVE_KIND, "bridge");
    put_nested(m, IFLA_INFO_SLAVE_DATA, [&] { put_u8(m, option, 1); });
  });
}

// Hears of every change of a link.
class LinkNews {
 public:
  LinkNews() : fd_(base::sys::make_socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE)) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    address.nl_groups = RTMGRP_LINK;
    base::check(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
                "listen to changes of links");
  }
  // False: nothing happened for a while.
  [[nodiscard]] bool wait() const {
    pollfd news{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&news, 1, k_news_patience) <= 0) return false;
    char scrap[4096];
    while (::recv(fd_.get(), scrap, sizeof scrap, 0) > 0) {
    }
    return true;
  }

 private:
  base::UniqueFd fd_;
};

std::uint32_t u32_or_zero(nlattr* attribute) {
  return attribute ? nla_get_u32(attribute) : 0;
}

std::optional<IpAddress> address_of(int family, nlattr* attribute) {
  if (!attribute || (family != AF_INET && family != AF_INET6)) return std::nullopt;
  IpAddress a;
  a.v6 = family == AF_INET6;
  const std::size_t size = a.v6 ? 16 : 4;
  if (static_cast<std::size_t>(nla_len(attribute)) != size) return std::nullopt;
  std::memcpy(a.bytes.data(), nla_data(attribute), size);
  return a;
}

std::optional<Link> read_link(const nlmsghdr& h) {
  if (h.nlmsg_type != RTM_NEWLINK) return std::nullopt;
  nlattr* attributes[IFLA_MAX + 1];
  if (nlmsg_parse(const_cast<nlmsghdr*>(&h), sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) < 0)
    return std::nullopt;
  const auto* header = static_cast<const ifinfomsg*>(nlmsg_data(&h));
  Link link;
  link.index = static_cast<std::uint32_t>(header->ifi_index);
  link.up = (header->ifi_flags & IFF_UP) != 0;
  link.operational = attributes[IFLA_OPERSTATE] && nla_get_u8(attributes[IFLA_OPERSTATE]) == IF_OPER_UP;
  if (attributes[IFLA_IFNAME]) link.name = nla_get_string(attributes[IFLA_IFNAME]);
  link.mtu = u32_or_zero(attributes[IFLA_MTU]);
  link.group = u32_or_zero(attributes[IFLA_GROUP]);
  link.master = u32_or_zero(attributes[IFLA_MASTER]);
  if (attributes[IFLA_LINKINFO]) {
    nlattr* info[IFLA_INFO_MAX + 1];
    if (nla_parse_nested(info, IFLA_INFO_MAX, attributes[IFLA_LINKINFO], nullptr) == 0 &&
        info[IFLA_INFO_KIND])
      link.kind = nla_get_string(info[IFLA_INFO_KIND]);
  }
  return link;
}

// The counters of a link, which the kernel sums up over all processors, interest nobody here.
std::optional<Link> ask_for_link(Socket& socket, const MessagePtr& request, const std::string& doing) {
  put_u32(request.get(), IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  std::optional<Link> link;
  socket.get(request.get(), ENODEV, doing, [&](const nlmsghdr& h) { link = read_link(h); });
  return link;
}

}  // namespace

void add_bridge(Batch& batch, const BridgeRequest& request) {
  const ifinfomsg header = up_header(0);
  nl_msg* m = batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header,
                        text("create bridge '{}'", request.name));
  put_string(m, IFLA_IFNAME, request.name);
  put_bytes(m, IFLA_ADDRESS, request.mac);  // its own, or it would change with the ports that come and go
  put_u32(m, IFLA_MTU, request.mtu);
  put_u32(m, IFLA_GROUP, request.group);
  put_nested(m, IFLA_LINKINFO, [&] {
    put_string(m, IFLA_INFO_KIND, "bridge");
    put_nested(m, IFLA_INFO_DATA, [&] {
      put_u32(m, IFLA_BR_FORWARD_DELAY, 0);
      put_u32(m, IFLA_BR_STP_STATE, 0);
      put_u8(m, IFLA_BR_MCAST_SNOOPING, 0);  // multicast reaches every port; no group reports to wait for
    });
  });
}

void add_veth(Batch& batch, const VethRequest& request) {
  const ifinfomsg header{};
  nl_msg* m = batch.add(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header,
                        text("create link '{}'", request.host_name));
  put_string(m, IFLA_IFNAME, request.host_name);
  put_u32(m, IFLA_MTU, request.mtu);
  put_u32(m, IFLA_GROUP, request.group);
  put_u32(m, IFLA_MASTER, request.bridge_index);
  put_single_queue(m);
  put_nested(m, IFLA_LINKINFO, [&] {
    put_string(m, IFLA_INFO_KIND, "veth");
    put_nested(m, IFLA_INFO_DATA, [&] {
      put_nested(m, VETH_INFO_PEER, [&] {
        const ifinfomsg peer{};
        put_header(m, &peer, sizeof peer);
        put_string(m, IFLA_IFNAME, request.inside_name);
        put_bytes(m, IFLA_ADDRESS, request.inside_mac);
        put_u32(m, IFLA_MTU, request.mtu);
        put_u32(m, IFLA_NET_NS_FD, static_cast<std::uint32_t>(request.netns));
        put_single_queue(m);
      });
    });
  });
}

void add_port_up(Batch& batch, const std::string& name, bool isolated) {
  // The kernel reads IFLA_AF_SPEC after it has brought the link up, so they are two requests.
  const ifinfomsg quiet{};
  nl_msg* m = batch.add(RTM_SETLINK, 0, &quiet, sizeof quiet, text("configure link '{}'", name));
  put_string(m, IFLA_IFNAME, name);
  put_nested(m, IFLA_AF_SPEC, [&] {
    put_nested(m, AF_INET6, [&] { put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE); });
  });
  batch.tolerate(EAFNOSUPPORT);  // a kernel without IPv6
  const ifinfomsg header = up_header(0);
  m = batch.add(RTM_SETLINK, 0, &header, sizeof header, text("bring link '{}' up", name));
  put_string(m, IFLA_IFNAME, name);
  if (isolated) add_port_option(batch, name, IFLA_BRPORT_ISOLATED, text("isolate link '{}'", name));
}

void add_hairpin(Batch& batch, const std::string& name) {
  add_port_option(batch, name, IFLA_BRPORT_MODE, text("let link '{}' send back", name));
  batch.tolerate(ENODEV);
}

void add_link_up(Batch& batch, std::uint32_t index, const std::string& name) {
  const ifinfomsg header = up_header(index);
  batch.add(RTM_SETLINK, 0, &header, sizeof header, text("bring link '{}' up", name));
}

void add_regroup(Batch& batch, const std::string& name, std::uint32_t group) {
  const ifinfomsg header{};
  nl_msg* m = batch.add(RTM_SETLINK, 0, &header, sizeof header, text("change the group of link '{}'", name));
  batch.tolerate(ENODEV);
  put_string(m, IFLA_IFNAME, name);
  put_u32(m, IFLA_GROUP, group);
}

void add_delete_group(Batch& batch, std::uint32_t group) {
  const ifinfomsg header{};
  nl_msg* m = batch.add(RTM_DELLINK, 0, &header, sizeof header, text("delete the links of group {}", group));
  batch.tolerate(ENODEV);
  put_u32(m, IFLA_GROUP, group);
}

void add_delete_link(Batch& batch, const std::string& name) {
  const ifinfomsg header{};
  nl_msg* m = batch.add(RTM_DELLINK, 0, &header, sizeof header, text("delete link '{}'", name));
  batch.tolerate(ENODEV);
  put_string(m, IFLA_IFNAME, name);
}

namespace {

ifaddrmsg address_header(std::uint32_t index, const IpAddress& address, int prefix) {
  ifaddrmsg header{};
  header.ifa_family = address.v6 ? AF_INET6 : AF_INET;
  header.ifa_prefixlen = static_cast<std::uint8_t>(prefix);
  header.ifa_index = index;
  return header;
}

}  // namespace

void add_address(Batch& batch, std::uint32_t index, const IpAddress& address, int prefix) {
  ifaddrmsg header = address_header(index, address, prefix);
  if (address.v6) header.ifa_flags = IFA_F_NODAD;  // the pool never gives an address twice
  nl_msg* m = batch.add(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header,
                        text("add address {}/{}", address.str(), prefix));
  put_bytes(m, IFA_LOCAL, address.raw());
  put_bytes(m, IFA_ADDRESS, address.raw());
  put_u8(m, IFA_PROTO, k_our_address);
  if (address.v6) return;
  const Subnet subnet = Subnet::of(address, prefix);
  if (prefix < 31) put_bytes(m, IFA_BROADCAST, subnet.last().raw());
}

void add_remove_address(Batch& batch, std::uint32_t index, const IpAddress& address, int prefix) {
  const ifaddrmsg header = address_header(index, address, prefix);
  nl_msg* m =
      batch.add(RTM_DELADDR, 0, &header, sizeof header, text("remove address {}/{}", address.str(), prefix));
  batch.tolerate(EADDRNOTAVAIL);
  put_bytes(m, IFA_LOCAL, address.raw());
}

void add_default_route(Batch& batch, std::uint32_t index, const IpAddress& gateway) {
  rtmsg header{};
  header.rtm_family = gateway.v6 ? AF_INET6 : AF_INET;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_BOOT;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  nl_msg* m = batch.add(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof header,
                        text("add the default route over {}", gateway.str()));
  put_bytes(m, RTA_GATEWAY, gateway.raw());
  put_u32(m, RTA_OIF, index);
}

std::optional<Link> find_link(Socket& socket, const std::string& name) {
  const ifinfomsg header{};
  const MessagePtr request = make_message(RTM_GETLINK, 0, &header, sizeof header);
  put_string(request.get(), IFLA_IFNAME, name);
  return ask_for_link(socket, request, text("look for link '{}'", name));
}

std::optional<Link> find_link(Socket& socket, std::uint32_t index) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(index);
  const MessagePtr request = make_message(RTM_GETLINK, 0, &header, sizeof header);
  return ask_for_link(socket, request, text("look for link {}", index));
}

void wait_until_operational(Socket& socket, const std::string& name) {
  const auto done = [&] {
    const auto link = find_link(socket, name);
    return !link || link->operational;
  };
  if (done()) return;
  const LinkNews news;
  for (int i = 0; i < k_most_news && !done(); ++i)
    if (!news.wait()) return;
}

std::vector<Link> list_links(Socket& socket) {
  std::vector<Link> links;
  const ifinfomsg header{};
  socket.dump(RTM_GETLINK, &header, sizeof header, "list links", [&](const nlmsghdr& h) {
    if (auto link = read_link(h)) links.push_back(std::move(*link));
  });
  return links;
}

std::vector<HostAddress> list_addresses(Socket& socket) {
  std::vector<HostAddress> addresses;
  const ifaddrmsg any{};
  socket.dump(RTM_GETADDR, &any, sizeof any, "list addresses", [&](const nlmsghdr& h) {
    nlattr* attributes[IFA_MAX + 1];
    if (h.nlmsg_type != RTM_NEWADDR) return;
    if (nlmsg_parse(const_cast<nlmsghdr*>(&h), sizeof(ifaddrmsg), attributes, IFA_MAX, nullptr) < 0) return;
    const auto* header = static_cast<const ifaddrmsg*>(nlmsg_data(&h));
    nlattr* own = attributes[IFA_LOCAL] ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
    if (const auto a = address_of(header->ifa_family, own))
      addresses.push_back(
          {.index = header->ifa_index,
           .address = *a,
           .prefix = header->ifa_prefixlen,
           .ours = attributes[IFA_PROTO] && nla_get_u8(attributes[IFA_PROTO]) == k_our_address});
  });
  return addresses;
}

namespace {

// Of each of its next hops; 0 where the kernel does not say.
std::vector<std::uint32_t> links_of_route(nlattr* const* attributes) {
  std::vector<std::uint32_t> links;
  if (nlattr* hops = attributes[RTA_MULTIPATH]) {
    auto* hop = static_cast<rtnexthop*>(nla_data(hops));
    int left = nla_len(hops);
    for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop))
      links.push_back(static_cast<std::uint32_t>(hop->rtnh_ifindex));
  }
  if (links.empty()) links.push_back(u32_or_zero(attributes[RTA_OIF]));
  return links;
}

}  // namespace

std::vector<Route> list_routes(Socket& socket) {
  std::vector<Route> routes;
  const rtmsg any{};
  socket.dump(RTM_GETROUTE, &any, sizeof any, "list routes", [&](const nlmsghdr& h) {
    nlattr* attributes[RTA_MAX + 1];
    if (h.nlmsg_type != RTM_NEWROUTE) return;
    if (nlmsg_parse(const_cast<nlmsghdr*>(&h), sizeof(rtmsg), attributes, RTA_MAX, nullptr) < 0) return;
    const auto* header = static_cast<const rtmsg*>(nlmsg_data(&h));
    if (header->rtm_type != RTN_UNICAST || (header->rtm_flags & RTM_F_CLONED) != 0) return;
    auto destination = address_of(header->rtm_family, attributes[RTA_DST]);
    if (!destination) {
      destination = IpAddress{};
      destination->v6 = header->rtm_family == AF_INET6;
    }
    const auto table = attributes[RTA_TABLE] ? nla_get_u32(attributes[RTA_TABLE]) : header->rtm_table;
    for (const std::uint32_t link : links_of_route(attributes))
      routes.push_back({Subnet::of(*destination, header->rtm_dst_len), link, table});
  });
  return routes;
}

}  // namespace compose::net::netlink
