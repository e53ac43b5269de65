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

#include "base/overloaded.hpp"
#include "base/text.hpp"

namespace compose::net::netlink {

namespace {

using base::text;

nfgenmsg header_of(std::uint8_t family, std::uint16_t resource) {
  nfgenmsg header{};
  header.nfgen_family = family;
  header.version = NFNETLINK_V0;
  header.res_id = htons(resource);
  return header;
}

constexpr int type_of(int message) {
  return (NFNL_SUBSYS_NFTABLES << 8) | message;
}

MessagePtr question(int message) {
  const nfgenmsg header = header_of(NFPROTO_INET, 0);
  return make_message(type_of(message), 0, &header, sizeof header);
}

void put_number(nl_msg* m, int type, std::uint32_t value) {
  put_u32(m, type, htonl(value));
}
// In nf_tables every container says that it is one.
void put_group(nl_msg* m, int type, const std::function<void()>& fill) {
  put_nested(m, type | NLA_F_NESTED, fill);
}
void put_data(nl_msg* m, int type, const nft::Bytes& bytes) {
  put_group(m, type, [&] { put_bytes(m, NFTA_DATA_VALUE, bytes); });
}
void put_verdict(nl_msg* m, int type, const nft::Verdict& verdict) {
  put_group(m, type, [&] {
    put_group(m, NFTA_DATA_VERDICT, [&] {
      put_number(m, NFTA_VERDICT_CODE, static_cast<std::uint32_t>(verdict.code));
      if (!verdict.chain.empty()) put_string(m, NFTA_VERDICT_CHAIN, verdict.chain);
    });
  });
}

void put_attribute(nl_msg* m, const nft::Attribute& attribute) {
  const int type = attribute.type;
  std::visit(base::overloaded{[&](std::uint32_t value) { put_number(m, type, value); },
                              [&](std::uint8_t value) { put_u8(m, type, value); },
                              [&](const std::string& value) { put_string(m, type, value); },
                              [&](const nft::Bytes& value) { put_data(m, type, value); },
                              [&](const nft::Verdict& value) { put_verdict(m, type, value); }},
             attribute.value);
}

void put_expression(nl_msg* m, const nft::Expression& expression) {
  put_group(m, NFTA_LIST_ELEM, [&] {
    put_string(m, NFTA_EXPR_NAME, expression.name);
    put_group(m, NFTA_EXPR_DATA, [&] {
      for (const auto& attribute : expression.attributes) put_attribute(m, attribute);
    });
  });
}

// nft(8) numbers a row of types by their numbers, six bits each.
std::uint32_t type_number(const std::vector<nft::Field>& fields) {
  std::uint32_t out = 0;
  for (const auto& field : fields) out = out << 6 | field.type;
  return out;
}

std::uint32_t size_of(const std::vector<nft::Field>& fields) {
  if (fields.size() == 1) return fields[0].size;
  std::uint32_t out = 0;
  for (const auto& field : fields) out += (field.size + 3) / 4 * 4;
  return out;
}

// A note of nft(8)'s to itself, without which it shows such keys as numbers that were turned around: type,
// length, and "in the host's byte order".
nft::Bytes text_key_note() {
  constexpr std::uint8_t key_byte_order = 0;
  const std::uint32_t host_order = 1;
  nft::Bytes out{key_byte_order, sizeof host_order};
  const auto* value = reinterpret_cast<const std::uint8_t*>(&host_order);
  out.insert(out.end(), value, value + sizeof host_order);
  return out;
}

// One transaction under construction: between its first and its last message.
class TransactionBatch {
 public:
  explicit TransactionBatch(std::string table) : table_(std::move(table)) { put_edge(NFNL_MSG_BATCH_BEGIN); }

  void add_table() {
    put_string(add(NFT_MSG_NEWTABLE, NLM_F_CREATE, "add the table"), NFTA_TABLE_NAME, table_);
  }
  void remove_table() { put_string(add(NFT_MSG_DELTABLE, 0, "remove the table"), NFTA_TABLE_NAME, table_); }
  void add_set(const nft::Set& set);
  void add_chain(const nft::Chain& chain);
  void empty_chain(const std::string& chain);
  void add_rule(const std::string& chain, const nft::Rule& rule);
  void add_element(const nft::Element& e) { put_element(NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add to", e); }
  void remove_element(const nft::Element& e) { put_element(NFT_MSG_DELSETELEM, 0, "remove from", e); }

  void send(Socket& socket) {
    put_edge(NFNL_MSG_BATCH_END);
    socket.run_transaction(batch_);
  }

 private:
  void put_edge(int message) {
    const nfgenmsg header = header_of(AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
    batch_.add(message, 0, &header, sizeof header, "change the packet filter");
  }
  nl_msg* add(int message, int flags, const std::string& doing) {
    const nfgenmsg header = header_of(NFPROTO_INET, 0);
    return batch_.add(type_of(message), flags, &header, sizeof header,
                      text("change the packet filter: {}", doing));
  }
  void put_element(int message, int flags, const char* doing, const nft::Element& element);

  std::string table_;
  std::uint32_t last_set_id_ = 0;  // sets of a transaction have numbers in it
  Batch batch_;
};

void TransactionBatch::add_set(const nft::Set& set) {
  nl_msg* m = add(NFT_MSG_NEWSET, NLM_F_CREATE, text("add set '{}'", set.name));
  std::uint32_t flags = set.data.empty() ? 0 : NFT_SET_MAP;
  if (set.intervals) flags |= NFT_SET_INTERVAL | NFT_SET_CONCAT;
  put_string(m, NFTA_SET_TABLE, table_);
  put_string(m, NFTA_SET_NAME, set.name);
  put_number(m, NFTA_SET_ID, ++last_set_id_);
  put_number(m, NFTA_SET_FLAGS, flags);
  put_number(m, NFTA_SET_KEY_TYPE, type_number(set.key));
  put_number(m, NFTA_SET_KEY_LEN, size_of(set.key));
  if (!set.data.empty()) {
    put_number(m, NFTA_SET_DATA_TYPE, type_number(set.data));
    put_number(m, NFTA_SET_DATA_LEN, size_of(set.data));
  }
  if (set.key.size() == 1 && set.key[0].text) put_bytes(m, NFTA_SET_USERDATA, text_key_note());
  if (!set.intervals) return;
  put_group(m, NFTA_SET_DESC, [&] {
    put_group(m, NFTA_SET_DESC_CONCAT, [&] {
      for (const auto& field : set.key)
        put_group(m, NFTA_LIST_ELEM, [&] { put_number(m, NFTA_SET_FIELD_LEN, field.size); });
    });
  });
}

void TransactionBatch::add_chain(const nft::Chain& chain) {
  nl_msg* m = add(NFT_MSG_NEWCHAIN, NLM_F_CREATE, text("add chain '{}'", chain.name));
  put_string(m, NFTA_CHAIN_TABLE, table_);
  put_string(m, NFTA_CHAIN_NAME, chain.name);
  if (chain.type.empty()) return;
  put_group(m, NFTA_CHAIN_HOOK, [&] {
    put_number(m, NFTA_HOOK_HOOKNUM, static_cast<std::uint32_t>(chain.hook));
    put_number(m, NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(chain.priority));
  });
  put_string(m, NFTA_CHAIN_TYPE, chain.type);
  put_number(m, NFTA_CHAIN_POLICY, NF_ACCEPT);
}

void TransactionBatch::empty_chain(const std::string& chain) {
  nl_msg* m = add(NFT_MSG_DELRULE, 0, text("empty chain '{}'", chain));
  put_string(m, NFTA_RULE_TABLE, table_);
  put_string(m, NFTA_RULE_CHAIN, chain);
}

void TransactionBatch::add_rule(const std::string& chain, const nft::Rule& rule) {
  nl_msg* m = add(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, text("add a rule to chain '{}'", chain));
  put_string(m, NFTA_RULE_TABLE, table_);
  put_string(m, NFTA_RULE_CHAIN, chain);
  put_group(m, NFTA_RULE_EXPRESSIONS, [&] {
    for (const auto& expression : rule) put_expression(m, expression);
  });
}

void TransactionBatch::put_element(int message, int flags, const char* doing, const nft::Element& element) {
  nl_msg* m = add(message, flags, text("{} set '{}'", doing, element.set));
  put_string(m, NFTA_SET_ELEM_LIST_TABLE, table_);
  put_string(m, NFTA_SET_ELEM_LIST_SET, element.set);
  put_group(m, NFTA_SET_ELEM_LIST_ELEMENTS, [&] {
    put_group(m, NFTA_LIST_ELEM, [&] {
      put_data(m, NFTA_SET_ELEM_KEY, element.key);
      if (!element.key_end.empty()) put_data(m, NFTA_SET_ELEM_KEY_END, element.key_end);
      if (!element.data.empty()) put_data(m, NFTA_SET_ELEM_DATA, element.data);
    });
  });
}

}  // namespace

void carry_out(Socket& socket, const nft::Transaction& transaction) {
  if (transaction.base == nullptr && transaction.removed.empty() && transaction.added.empty()) return;
  TransactionBatch batch{transaction.table};
  if (transaction.base != nullptr) {
    batch.add_table();
    for (const auto& set : transaction.base->sets) batch.add_set(set);
    for (const auto& chain : transaction.base->chains) batch.add_chain(chain);
    for (const auto& chain : transaction.base->chains) batch.empty_chain(chain.name);
    for (const auto& [chain, rule] : transaction.base->rules) batch.add_rule(chain, rule);
  }
  for (const auto& element : transaction.removed) batch.remove_element(element);
  for (const auto& element : transaction.added) batch.add_element(element);
  batch.send(socket);
}

void delete_table(Socket& socket, const std::string& table) {
  TransactionBatch batch{table};
  batch.add_table();  // so that removing what is gone is no error
  batch.remove_table();
  batch.send(socket);
}

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
