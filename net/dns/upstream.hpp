#pragma once
// Questions on their way to other resolvers and back. Each has a connected socket of its own with a random
// port and a random id, so that only the server asked can answer, and what does not answer exactly this
// question is ignored. A server that times out (4 s), refuses or fails hands over to the next, three at most;
// a truncated answer is fetched over TCP where the asker itself uses TCP, and passed on as it is where not
// (the asker then comes back over TCP).
//
// Sockets belong to the namespace of this process, or to the container's when the servers are the user's own.
#include <cstdint>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <vector>

#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "net/dns/message.hpp"
#include "net/dns/slot_pool.hpp"

namespace compose::net::dns {

// Who asked.
struct Asker {
  bool tcp = false;
  sockaddr_in address{};  // UDP
  std::size_t udp_size = k_plain_udp_size;
  Handle connection;  // TCP
};

struct UpstreamServer {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// The servers of a resolv.conf(5) text, three at most.
std::vector<UpstreamServer> parse_resolv_conf(std::string_view text, std::uint16_t port);
// "1.1.1.1", "fd00::1", "fe80::1%eth0".
std::optional<UpstreamServer> parse_server(const std::string& text, std::uint16_t port);

class Upstream {
 public:
  struct Options {
    std::vector<std::string> servers;  // empty: those of resolv_conf
    base::UniqueFd netns;              // where sockets for `servers` are opened
    base::HostPath resolv_conf;
    std::uint16_t port = 53;
  };
  using Deliver = std::function<void(const Asker&, Bytes answer)>;

  // `epoll` is borrowed; events of kind `pending` come back through on_event().
  Upstream(int epoll, Options options, Deliver deliver);
  ~Upstream();

  // `packet` is a query that parse_query() took.
  void forward(Bytes packet, const Asker& asker, std::int64_t now);
  void on_event(Handle handle, std::int64_t now);
  void on_time(std::int64_t now);
  [[nodiscard]] bool is_idle() const noexcept { return pending_.size() == 0; }
  [[nodiscard]] std::int64_t next_deadline() const noexcept;  // INT64_MAX: none

 private:
  struct Pending;
  void read_servers(std::int64_t now);
  base::UniqueFd open_socket(int family, int type) const;
  void ask(Handle handle, Pending& pending, std::int64_t now);
  bool ask_server(Handle handle, Pending& pending, bool tcp);
  void on_udp(Handle handle, Pending& pending, std::int64_t now);
  void on_tcp(Handle handle, Pending& pending, std::int64_t now);
  void take(Handle handle, Pending& pending, std::vector<std::uint8_t>& answer, std::int64_t now);
  void hand_over(Pending& pending, std::vector<std::uint8_t>& answer);
  void hand_over_empty(Pending& pending, Rcode rcode, bool truncated);
  void fail(Handle handle, Pending& pending);
  void drop_oldest();

  int epoll_;
  Options options_;
  Deliver deliver_;
  base::UniqueFd own_netns_;
  std::vector<UpstreamServer> servers_;
  std::int64_t servers_read_ = -1'000'000;
  std::pair<std::uint64_t, std::int64_t> resolv_conf_seen_{};  // inode, modification time
  std::size_t preferred_ = 0;                                  // the server that answered last
  SlotPool<Pending> pending_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace compose::net::dns
