#pragma once
// Just enough rtnetlink to build messages by hand, for the floor alone.
#include <cstdint>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <string>
#include <vector>

namespace compose::bench {

class Message {
 public:
  template <class Body>
  Message(std::uint16_t type, std::uint16_t flags, const Body& body) {
    bytes_.resize(NLMSG_HDRLEN);
    append(&body, sizeof body);
    header()->nlmsg_type = type;
    header()->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  }
  void text(std::uint16_t type, const std::string& value) {
    attribute(type, value.c_str(), value.size() + 1);
  }
  void u32(std::uint16_t type, std::uint32_t value) { attribute(type, &value, sizeof value); }
  void attribute(std::uint16_t type, const void* data, std::size_t size);
  std::size_t open_nest(std::uint16_t type);
  void close_nest(std::size_t at);
  void append(const void* data, std::size_t size);
  std::string& finish();

 private:
  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(bytes_.data()); }
  std::string bytes_;
};

class RawNetlink {
 public:
  RawNetlink();
  ~RawNetlink();
  RawNetlink(const RawNetlink&) = delete;
  RawNetlink& operator=(const RawNetlink&) = delete;
  void run(Message& message, const char* doing);  // sends, waits for the acknowledgement, throws Error

 private:
  int fd_;
};

void make_bridge(RawNetlink& netlink, const std::string& name, std::uint32_t address);
void make_veth(RawNetlink& netlink, const std::string& name, unsigned bridge, int peer_namespace);
void delete_link(RawNetlink& netlink, const std::string& name);
// In the namespace of the calling process: loopback and eth0 up, address/16, default route.
void configure_inside(RawNetlink& netlink, std::uint32_t address, std::uint32_t gateway);

}  // namespace compose::bench
