#include "net/netlink/conntrack.hpp"

#include <cerrno>
// clang-format off: the kernel's headers give way to this one only when it comes first
#include <netinet/in.h>
// clang-format on

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <vector>

#include <netlink/attr.h>
#include <netlink/msg.h>

#include "base/error.hpp"
#include "net/netlink/batch.hpp"

namespace compose::net::netlink {

namespace {

struct Flow {
  std::uint8_t family = 0;
  std::vector<std::uint8_t> original;  // the tuple as the kernel told it, to name the flow with
};

bool goes_to(nlattr* tuple, std::uint16_t port) {
  nlattr* parts[CTA_TUPLE_MAX + 1];
  nlattr* protocol[CTA_PROTO_MAX + 1];
  if (nla_parse_nested(parts, CTA_TUPLE_MAX, tuple, nullptr) != 0 || !parts[CTA_TUPLE_PROTO]) return false;
  if (nla_parse_nested(protocol, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], nullptr) != 0) return false;
  return protocol[CTA_PROTO_NUM] && nla_get_u8(protocol[CTA_PROTO_NUM]) == IPPROTO_UDP &&
         protocol[CTA_PROTO_DST_PORT] && ntohs(nla_get_u16(protocol[CTA_PROTO_DST_PORT])) == port;
}

std::vector<Flow> flows_to(Socket& socket, std::uint16_t port) {
  std::vector<Flow> flows;
  const nfgenmsg any{.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = 0};
  socket.dump(
      (NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_GET, &any, sizeof any, "list tracked connections",
      [&](const nlmsghdr& h) {
        nlattr* attributes[CTA_MAX + 1];
        if (nlmsg_parse(const_cast<nlmsghdr*>(&h), sizeof(nfgenmsg), attributes, CTA_MAX, nullptr) < 0)
          return;
        nlattr* tuple = attributes[CTA_TUPLE_ORIG];
        if (!tuple || !goes_to(tuple, port)) return;
        const auto* bytes = static_cast<const std::uint8_t*>(nla_data(tuple));
        flows.push_back(
            {static_cast<const nfgenmsg*>(nlmsg_data(&h))->nfgen_family, {bytes, bytes + nla_len(tuple)}});
      });
  return flows;
}

}  // namespace

void forget_udp_flows(std::uint16_t destination_port) {
  try {
    Socket socket{NETLINK_NETFILTER};
    Batch batch;
    for (const auto& flow : flows_to(socket, destination_port)) {
      const nfgenmsg header{.nfgen_family = flow.family, .version = NFNETLINK_V0, .res_id = 0};
      nl_msg* m = batch.add((NFNL_SUBSYS_CTNETLINK << 8) | IPCTNL_MSG_CT_DELETE, 0, &header, sizeof header,
                            "forget a tracked connection");
      batch.tolerate(ENOENT);
      put_bytes(m, CTA_TUPLE_ORIG | NLA_F_NESTED, flow.original);
    }
    if (!batch.empty()) socket.run(batch);
  } catch (const base::SysError&) {
    return;  // no connection tracking here: no flows to forget
  }
}

}  // namespace compose::net::netlink
