#pragma once
// The sockets of one container's resolver, opened once inside the container's network namespace by the CLI
// and handed to the shim, which never opens them again. How 127.0.0.11:53 leads to them although the
// container may bind port 53 of every address itself is told in docs/decisions/0010-dns-port.md.
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"

namespace compose::net::dns {

inline constexpr const char* k_resolver_address = "127.0.0.11";

struct DnsSockets {
  base::UniqueFd udp;    // queries arrive here
  base::UniqueFd tcp;    // listening
  base::UniqueFd reply;  // raw socket that answers with source port 53; none: `udp` itself answers
  // What leads port 53 to `udp` and `tcp`, as long as it is open; none: they are bound to it.
  base::UniqueFd redirect;

  // For the way to the shim: two or four descriptors, in a fixed order.
  [[nodiscard]] std::vector<base::UniqueFd> take_all() && {
    std::vector<base::UniqueFd> all;
    all.push_back(std::move(udp));
    all.push_back(std::move(tcp));
    if (reply) all.push_back(std::move(reply));
    if (redirect) all.push_back(std::move(redirect));
    return all;
  }
  static DnsSockets from(std::vector<base::UniqueFd> all) {
    DnsSockets sockets;
    base::UniqueFd* const into[] = {&sockets.udp, &sockets.tcp, &sockets.reply, &sockets.redirect};
    for (std::size_t i = 0; i < all.size() && i < 4; ++i) *into[i] = std::move(all[i]);
    return sockets;
  }
};

// Opens them in the calling thread's network namespace, whose loopback link must be up; `netns` is a
// descriptor of it. Where the kernel has no sk_lookup programs the sockets are bound to port 53 itself (then
// a container cannot bind port 53 of every address at once, as with other engines).
DnsSockets open_dns_sockets(int netns);

}  // namespace compose::net::dns
