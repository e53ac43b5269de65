#pragma once
// Questions about nftables, over nfnetlink: is it there? A few microseconds, where libnftables would read
// everything.
#include <cstddef>
#include <string>

#include "net/netlink/batch.hpp"

namespace compose::net::netlink {

// Chains, sets and maps of an inet table; 0 where there is none.
std::size_t count_table_objects(Socket& socket, const std::string& table);
// Is this link's name in a set of link names?
bool has_link_element(Socket& socket, const std::string& table, const std::string& set,
                      const std::string& link);

}  // namespace compose::net::netlink
