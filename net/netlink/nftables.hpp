#pragma once
// nf_tables over nfnetlink: transactions, and questions whether something is there. The socket is one of
// NETLINK_NETFILTER.
#include <cstddef>
#include <string>

#include "net/netlink/batch.hpp"
#include "net/netlink/nft.hpp"

namespace compose::net::netlink {

// All of it or, with the first refusal thrown, none.
void carry_out(Socket& socket, const nft::Transaction& transaction);
// No error where there is no such table.
void delete_table(Socket& socket, const std::string& table);

// Chains, sets and maps of an inet table; 0 where there is none.
std::size_t count_table_objects(Socket& socket, const std::string& table);
// Is this link's name in a set of link names?
bool has_link_element(Socket& socket, const std::string& table, const std::string& set,
                      const std::string& link);

}  // namespace compose::net::netlink
