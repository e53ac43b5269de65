#include "net/netlink/nftables.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
// clang-format off: the kernel's headers give way to this one only when it comes first
#include <netinet/in.h>
// clang-format on

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

#include <netlink/attr.h>
#include <netlink/msg.h>

namespace compose::net::netlink {

namespace {

MessagePtr question(int type) {
  nfgenmsg header{};
  header.nfgen_family = NFPROTO_INET;
  header.version = NFNETLINK_V0;
  return make_message((NFNL_SUBSYS_NFTABLES << 8) | type, 0, &header, sizeof header);
}

}  // namespace

std::size_t count_table_objects(Socket& socket, const std::string& table) {
  const MessagePtr request = question(NFT_MSG_GETTABLE);
  put_string(request.get(), NFTA_TABLE_NAME, table);
  std::size_t objects = 0;
  socket.get(request.get(), ENOENT, "look for nftables table '" + table + "'", [&](const nlmsghdr& h) {
    nlattr* attributes[NFTA_TABLE_MAX + 1];
    if (nlmsg_parse(const_cast<nlmsghdr*>(&h), sizeof(nfgenmsg), attributes, NFTA_TABLE_MAX, nullptr) < 0)
      return;
    if (attributes[NFTA_TABLE_USE]) objects = ntohl(nla_get_u32(attributes[NFTA_TABLE_USE]));
  });
  return objects;
}

bool has_link_element(Socket& socket, const std::string& table, const std::string& set,
                      const std::string& link) {
  std::array<std::uint8_t, IFNAMSIZ> name{};
  std::copy_n(link.begin(), std::min(link.size(), name.size() - 1), name.begin());
  const MessagePtr request = question(NFT_MSG_GETSETELEM);
  nl_msg* m = request.get();
  put_string(m, NFTA_SET_ELEM_LIST_TABLE, table);
  put_string(m, NFTA_SET_ELEM_LIST_SET, set);
  put_nested(m, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED, [&] {
    put_nested(m, NFTA_LIST_ELEM | NLA_F_NESTED, [&] {
      put_nested(m, NFTA_SET_ELEM_KEY | NLA_F_NESTED, [&] { put_bytes(m, NFTA_DATA_VALUE, name); });
    });
  });
  return socket.get(request.get(), ENOENT, "look for link '" + link + "' in nftables set '" + set + "'",
                    [](const nlmsghdr&) {});
}

}  // namespace compose::net::netlink
