#pragma once
// The resolver of one container: answers on sockets inside the container's network namespace (127.0.0.11:53),
// from the names tables of the networks that the container is on, and asks the host's resolvers for the rest.
// Lives in the shim; single-threaded, plain epoll, no allocation on the way of a query for one of our names.
//
// The shim watches fd() for readability and calls dispatch(), which never blocks and does a bounded amount of
// work.
//
// What is answered here and never forwarded: names of the tables; "<name>.<network>"; names once declared in
// a table; names with a single label (they are the project's to give); `localhost`; the static hosts; PTR of
// our addresses. With internal networks only, or no upstream, nothing is forwarded at all: other names do not
// exist (NXDOMAIN). Sources: RFC 1035, 2308, 6761, 6891, 7766, 9267.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "net/dns/dns_sockets.hpp"

namespace compose::net::dns {

struct JoinedNetwork {
  std::string name;  // "shop_default"
  base::HostPath names_table;
  bool internal = false;
};

struct ResolverOptions {
  std::vector<JoinedNetwork> networks;
  // Explicit servers ("1.1.1.1", "fd00::1"), asked from inside the container's namespace, which must be given
  // as `netns` (borrowed during the constructor only, then duplicated). Empty: the host's, from
  // `resolv_conf`, asked from the host's namespace.
  std::vector<std::string> servers;
  int netns = -1;
  base::HostPath resolv_conf{"/etc/resolv.conf"};          // read again when it changed
  std::vector<std::pair<std::string, std::string>> hosts;  // extra names with fixed addresses
  std::uint16_t upstream_port = 53;                        // tests only use another
};

class Resolver {
 public:
  Resolver(DnsSockets sockets, ResolverOptions options);
  ~Resolver();
  Resolver(Resolver&&) noexcept;
  Resolver& operator=(Resolver&&) noexcept;

  [[nodiscard]] int fd() const noexcept;  // an epoll descriptor: readable when dispatch() has something to do
  void dispatch();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace compose::net::dns
