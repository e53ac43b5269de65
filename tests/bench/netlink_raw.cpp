#include "tests/bench/netlink_raw.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <net/if.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.hpp"

namespace compose::bench {

using base::check;

void Message::append(const void* data, std::size_t size) {
  bytes_.append(static_cast<const char*>(data), size);
  bytes_.resize((bytes_.size() + 3U) & ~std::size_t{3});
}

void Message::attribute(std::uint16_t type, const void* data, std::size_t size) {
  const rtattr head{.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size)), .rta_type = type};
  append(&head, sizeof head);
  append(data, size);
}

std::size_t Message::open_nest(std::uint16_t type) {
  const std::size_t at = bytes_.size();
  attribute(type, nullptr, 0);
  return at;
}

void Message::close_nest(std::size_t at) {
  reinterpret_cast<rtattr*>(bytes_.data() + at)->rta_len = static_cast<std::uint16_t>(bytes_.size() - at);
}

std::string& Message::finish() {
  header()->nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
  return bytes_;
}

RawNetlink::RawNetlink()
    : fd_(check(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "open a netlink socket")) {}
RawNetlink::~RawNetlink() {
  ::close(fd_);
}

void RawNetlink::run(Message& message, const char* doing) {
  const std::string& bytes = message.finish();
  check(::send(fd_, bytes.data(), bytes.size(), 0), "{}", doing);
  alignas(nlmsghdr) char answer[8192];
  check(::recv(fd_, answer, sizeof answer, 0), "{}", doing);
  const int error = -reinterpret_cast<const nlmsgerr*>(answer + NLMSG_HDRLEN)->error;
  if (error != 0) throw base::SysError(error, doing);
}

void make_bridge(RawNetlink& netlink, const std::string& name, std::uint32_t address) {
  ifinfomsg up{};
  up.ifi_flags = IFF_UP;
  up.ifi_change = IFF_UP;
  Message link{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, up};
  link.text(IFLA_IFNAME, name);
  const std::size_t info = link.open_nest(IFLA_LINKINFO);
  link.text(IFLA_INFO_KIND, "bridge");
  link.close_nest(info);
  netlink.run(link, "make a bridge");
  ifaddrmsg head{};
  head.ifa_family = AF_INET;
  head.ifa_prefixlen = 16;
  head.ifa_index = ::if_nametoindex(name.c_str());
  Message assign{RTM_NEWADDR, NLM_F_CREATE, head};
  assign.u32(IFA_LOCAL, address);
  assign.u32(IFA_ADDRESS, address);
  netlink.run(assign, "give the bridge its address");
}

void make_veth(RawNetlink& netlink, const std::string& name, unsigned bridge, int peer_namespace) {
  ifinfomsg up{};
  up.ifi_flags = IFF_UP;
  up.ifi_change = IFF_UP;
  Message link{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, up};
  link.text(IFLA_IFNAME, name);
  link.u32(IFLA_MASTER, bridge);
  const std::size_t info = link.open_nest(IFLA_LINKINFO);
  link.text(IFLA_INFO_KIND, "veth");
  const std::size_t data = link.open_nest(IFLA_INFO_DATA);
  const std::size_t peer = link.open_nest(VETH_INFO_PEER);
  // The peer of a pair cannot be up at birth (veth_open: ENOTCONN); it is set up from inside.
  const ifinfomsg down{};
  link.append(&down, sizeof down);
  link.text(IFLA_IFNAME, "eth0");
  link.u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_namespace));
  link.close_nest(peer);
  link.close_nest(data);
  link.close_nest(info);
  netlink.run(link, "make a veth pair");
}

void delete_link(RawNetlink& netlink, const std::string& name) {
  Message link{RTM_DELLINK, 0, ifinfomsg{}};
  link.text(IFLA_IFNAME, name);
  try {
    netlink.run(link, "delete a link");
  } catch (const base::SysError& error) {
    // The end of its peer's network namespace may have taken it along already.
    if (error.code() != ENODEV) throw;
  }
}

void configure_inside(RawNetlink& netlink, std::uint32_t address, std::uint32_t gateway) {
  ifinfomsg link{};
  link.ifi_index = 1;
  link.ifi_flags = IFF_UP;
  link.ifi_change = IFF_UP;
  Message lo{RTM_NEWLINK, 0, link};
  netlink.run(lo, "set the loopback up");
  link.ifi_index = static_cast<int>(::if_nametoindex("eth0"));
  Message eth{RTM_NEWLINK, 0, link};
  netlink.run(eth, "set eth0 up");
  ifaddrmsg head{};
  head.ifa_family = AF_INET;
  head.ifa_prefixlen = 16;
  head.ifa_index = static_cast<unsigned>(link.ifi_index);
  Message assign{RTM_NEWADDR, NLM_F_CREATE, head};
  assign.u32(IFA_LOCAL, address);
  assign.u32(IFA_ADDRESS, address);
  netlink.run(assign, "assign an address");
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_protocol = RTPROT_BOOT;
  route.rtm_type = RTN_UNICAST;
  Message add{RTM_NEWROUTE, NLM_F_CREATE, route};
  add.u32(RTA_GATEWAY, gateway);
  netlink.run(add, "add the default route");
}

}  // namespace compose::bench
