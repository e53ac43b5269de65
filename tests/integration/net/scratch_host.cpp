#include "scratch_host.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "net/netlink/batch.hpp"
#include "net/netlink/link.hpp"
#include "net/netns.hpp"
#include "net/spec/ip.hpp"

namespace compose::net::testing {

using base::check;
using base::HostPath;
using base::UniqueFd;
namespace sys = base::sys;

namespace {

const HostPath k_own_netns{"/proc/thread-self/ns/net"};

void add_uplink() {
  netlink::Socket socket{NETLINK_ROUTE};
  netlink::Batch batch;
  netlink::add_bridge(batch,
                      {.name = "up0", .mac = {2, 0, 0, 0, 0, 1}});  // a bridge without ports is a dummy link
  netlink::add_link_up(batch, 1, "lo");
  socket.run(batch);
  const auto uplink = netlink::find_link(socket, "up0");
  netlink::Batch addresses;
  netlink::add_address(addresses, uplink->index, *IpAddress::parse("198.51.100.2"), 24);
  netlink::add_default_route(addresses, uplink->index, *IpAddress::parse("198.51.100.1"));
  socket.run(addresses);
}

sockaddr_storage socket_address(const std::string& address, std::uint16_t port, socklen_t& size) {
  sockaddr_storage storage{};
  if (address.find(':') == std::string::npos) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
    size = sizeof v4;
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    ::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr);
    size = sizeof v6;
  }
  return storage;
}

UniqueFd bound(int type, const std::string& address, std::uint16_t port) {
  socklen_t size = 0;
  const auto storage = socket_address(address, port, size);
  UniqueFd socket = sys::make_socket(storage.ss_family, type, 0);
  check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size), "bind {}:{}", address, port);
  return socket;
}

}  // namespace

ScratchHost::ScratchHost() : before_net_(sys::open(k_own_netns, O_RDONLY)) {
  check(::unshare(CLONE_NEWNET), "make a scratch network namespace");
  add_uplink();
  database_ = std::make_unique<base::Database>(directory_.path() / "state.db");
  restart_manager();
}

ScratchHost::~ScratchHost() {
  manager_.reset();
  database_.reset();
  ::setns(before_net_.get(), CLONE_NEWNET);
}

void ScratchHost::restart_manager() {
  manager_ = std::make_unique<NetworkManager>(*database_, run_root());
}

Network ScratchHost::network(const std::string& name, bool internal, bool ipv6) {
  return manager_->create({.spec = {.name = name, .internal = internal, .enable_ipv6 = ipv6},
                           .project = "shop",
                           .key = name,
                           .labels = {},
                           .config_hash = "hash"});
}

ScratchHost::Container ScratchHost::container(int number, const std::vector<std::string>& networks) {
  Container made;
  made.id = std::to_string(1000000000 + number) + std::string(54, 'a');
  LeaseRequest request{.container = made.id, .attachments = {}};
  for (const auto& name : networks) request.attachments.push_back({.network = name});
  made.leases = manager_->lease(std::array{request}).front();
  made.sandbox = manager_->build_sandbox({.container = made.id, .leases = made.leases, .sysctls = {}});
  return made;
}

UniqueFd ScratchHost::neighbour() {
  netlink::Socket host{NETLINK_ROUTE};
  const auto uplink = netlink::find_link(host, "up0");
  NewNetns netns;
  netlink::Batch batch;
  netlink::add_veth(batch, {.host_name = "up1",
                            .inside_name = "eth0",
                            .inside_mac = {2, 0, 0, 0, 0, 7},
                            .bridge_index = uplink->index,
                            .netns = netns.fd()});
  netlink::add_port_up(batch, "up1", false);
  host.run(batch);
  netlink::Socket there{NETLINK_ROUTE};
  const auto link = netlink::find_link(there, "eth0");
  netlink::Batch addresses;
  netlink::add_link_up(addresses, 1, "lo");
  netlink::add_link_up(addresses, link->index, "eth0");
  netlink::add_address(addresses, link->index, *IpAddress::parse(k_neighbour_address), 24);
  netlink::add_default_route(addresses, link->index, *IpAddress::parse(k_host_address));
  there.run(addresses);
  netlink::wait_until_operational(host, "up1");
  netlink::wait_until_operational(host, "up0");
  return netns.take();
}

void inside(int netns, const std::function<void()>& f) {
  const UniqueFd before = sys::open(k_own_netns, O_RDONLY);
  check(::setns(netns, CLONE_NEWNET), "enter a network namespace");
  const base::ScopeExit back{[&] { ::setns(before.get(), CLONE_NEWNET); }};
  f();
}

std::vector<std::string> link_names() {
  netlink::Socket socket{NETLINK_ROUTE};
  std::vector<std::string> names;
  for (const auto& link : netlink::list_links(socket))
    if (link.name != "lo") names.push_back(link.name);
  std::ranges::sort(names);
  return names;
}

std::string read_setting(const std::string& path) {
  auto value = base::read_file(HostPath{path});
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

UniqueFd listen_tcp(const std::string& address, std::uint16_t port) {
  UniqueFd socket = bound(SOCK_STREAM, address, port);
  check(::listen(socket.get(), 16), "listen on {}:{}", address, port);
  return socket;
}

UniqueFd bind_udp(const std::string& address, std::uint16_t port) {
  return bound(SOCK_DGRAM, address, port);
}

int connect_tcp(const std::string& address, std::uint16_t port) {
  socklen_t size = 0;
  const auto storage = socket_address(address, port, size);
  const UniqueFd socket = sys::make_socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  pollfd wait{.fd = socket.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&wait, 1, 500) == 0) return ETIMEDOUT;
  int code = 0;
  socklen_t length = sizeof code;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &code, &length);
  return code;
}

std::string accept_from(int listener) {
  pollfd wait{.fd = listener, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, 500) <= 0) return {};
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const UniqueFd connection{::accept4(listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC)};
  char text[INET_ADDRSTRLEN] = "";
  ::inet_ntop(AF_INET, &from.sin_addr, text, sizeof text);
  return text;
}

UniqueFd send_udp(const std::string& address, std::uint16_t port) {
  socklen_t size = 0;
  const auto storage = socket_address(address, port, size);
  UniqueFd socket = sys::make_socket(storage.ss_family, SOCK_DGRAM, 0);
  check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&storage), size), "connect {}:{}", address,
        port);
  check(::send(socket.get(), "ping", 4, 0), "send to {}:{}", address, port);
  return socket;
}

bool answer_udp(int socket) {
  pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
  if (::poll(&wait, 1, 500) <= 0) return false;
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  char text[8];
  if (::recvfrom(socket, text, sizeof text, 0, reinterpret_cast<sockaddr*>(&from), &size) < 0) return false;
  return ::sendto(socket, "pong", 4, 0, reinterpret_cast<const sockaddr*>(&from), size) == 4;
}

bool receive_udp(int socket) {
  pollfd wait{.fd = socket, .events = POLLIN, .revents = 0};
  char text[8];
  return ::poll(&wait, 1, 500) > 0 && ::recv(socket, text, sizeof text, 0) == 4;
}

}  // namespace compose::net::testing
