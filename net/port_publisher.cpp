#include "net/port_publisher.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <set>
#include <sys/socket.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/lock_file.hpp"
#include "base/sys.hpp"
#include "net/bridge.hpp"
#include "net/firewall.hpp"
#include "net/firewall_rules.hpp"
#include "net/link_names.hpp"
#include "net/netlink/conntrack.hpp"
#include "net/netlink/link.hpp"
#include "net/port_owner.hpp"
#include "net/spec/ip.hpp"
#include "net/store.hpp"

namespace compose::net {

namespace sys = base::sys;
using base::HostPath;
using base::UniqueFd;

namespace {

constexpr int k_backlog = 128;
constexpr int k_tries = 64;  // for a free port of two families at once

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress socket_address(const IpAddress& address, std::uint16_t port) {
  SocketAddress a;
  if (address.v6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(a.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::ranges::copy(address.bytes, v6.sin6_addr.s6_addr);
    a.size = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(a.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    v4.sin_addr.s_addr = htonl(address.v4_value());
    a.size = sizeof v4;
  }
  return a;
}

std::uint16_t bound_port(int socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  base::check(::getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size), "look at a bound socket");
  return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(storage).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

// A socket that holds the port, or the errno that says why not.
struct Attempt {
  UniqueFd socket;
  int code = 0;
};

Attempt try_hold(const std::string& protocol, const IpAddress& address, std::uint16_t port) {
  const bool tcp = protocol == "tcp";
  Attempt attempt{UniqueFd{
      ::socket(address.v6 ? AF_INET6 : AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0)}};
  if (!attempt.socket) return {{}, errno};
  const int on = 1;
  if (address.v6) ::setsockopt(attempt.socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  // Connections of the container before this one, in TIME_WAIT, do not stand in the way.
  if (tcp) ::setsockopt(attempt.socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto a = socket_address(address, port);
  if (::bind(attempt.socket.get(), reinterpret_cast<const sockaddr*>(&a.storage), a.size) != 0)
    return {{}, errno};
  if (tcp && ::listen(attempt.socket.get(), k_backlog) != 0) return {{}, errno};
  return attempt;
}

std::vector<IpAddress> addresses_of(const PortRequest& request) {
  const IpAddress any_v4{};
  IpAddress any_v6;
  any_v6.v6 = true;
  if (request.host_address.empty()) return {any_v4, any_v6};
  const auto address = IpAddress::parse(request.host_address);
  if (!address) base::fail("'{}' is not an address of this host", request.host_address);
  return {*address};
}

void check_protocol(const std::string& protocol) {
  if (protocol != "tcp" && protocol != "udp")
    base::fail("protocol '{}' cannot be published, only tcp and udp can", protocol);
}

}  // namespace

struct PortPublisher::State {
  State(base::Database& database, HostPath root)
      : store(database), run_root(std::move(root)), firewall(firewall_table(run_root)) {}

  Store store;
  HostPath run_root;
  Firewall firewall;

  [[nodiscard]] base::LockFile lock() const { return base::LockFile::acquire(run_root / "networks.lock"); }
  [[noreturn]] void refuse(const PortRequest& request, const IpAddress& address, std::uint16_t port,
                           int code) const;
  [[nodiscard]] std::optional<std::string> owner_of(const std::string& protocol, const std::string& address,
                                                    std::uint16_t port) const;
  // All families of one port, or the first refusal.
  struct Refusal {
    IpAddress address;
    int code = 0;
  };
  std::optional<Refusal> try_port(const PortRequest& request, std::uint16_t port,
                                  std::vector<HeldPort>& held) const;
  void prepare_links(std::span<const Store::PortRow> rows);
  void add_to_firewall(const std::vector<FirewallPort>& ports);
  void remove_from_firewall(const std::vector<FirewallPort>& ports);
  void remove_one_by_one(const std::vector<FirewallPort>& ports);
};

// The shim of a container holds its ports, so a shim that holds this one leads to the container's name.
std::optional<std::string> PortPublisher::State::owner_of(const std::string& protocol,
                                                          const std::string& address,
                                                          std::uint16_t port) const {
  auto process = find_port_owner(protocol, address, port);
  const auto row = store.holder_of_port(protocol, port);
  if (!row || (process && process->find("(compose") == std::string::npos)) return process;
  return "container " + store.shown(row->container);
}

void PortPublisher::State::refuse(const PortRequest& request, const IpAddress& address, std::uint16_t port,
                                  int code) const {
  const std::string what = base::text("port {}/{} on {}", port, request.protocol, address.str());
  if (code != EADDRINUSE) base::fail("{} cannot be bound: {}", what, base::error_text(code));
  base::fail("{} is in use by {}", what,
             owner_of(request.protocol, address.str(), port).value_or("another program"));
}

std::optional<PortPublisher::State::Refusal> PortPublisher::State::try_port(
    const PortRequest& request, std::uint16_t port, std::vector<HeldPort>& held) const {
  held.clear();
  for (const auto& address : addresses_of(request)) {
    auto attempt = try_hold(request.protocol, address, held.empty() ? port : held.front().binding.host_port);
    const bool no_ipv6 =
        address.v6 && !held.empty() && (attempt.code == EAFNOSUPPORT || attempt.code == EADDRNOTAVAIL);
    if (no_ipv6) continue;
    if (!attempt.socket) return Refusal{address, attempt.code};
    const std::uint16_t got = bound_port(attempt.socket.get());
    held.push_back({{.protocol = request.protocol,
                     .host_address = address.str(),
                     .host_port = got,
                     .container_port = request.target},
                    std::move(attempt.socket)});
  }
  return std::nullopt;
}

PortPublisher::PortPublisher(base::Database& database, HostPath run_root)
    : state_(std::make_unique<State>(database, std::move(run_root))) {}
PortPublisher::~PortPublisher() = default;

void PortPublisher::name_containers_with(ContainerNameOf name_of) {
  state_->store.name_containers_with(std::move(name_of));
}

std::vector<HeldPort> PortPublisher::reserve(const PortRequest& request) {
  check_protocol(request.protocol);
  std::vector<HeldPort> held;
  const std::uint32_t first = request.published_first;
  const std::uint32_t last = std::max<std::uint32_t>(first, request.published_last);
  std::optional<State::Refusal> refusal;
  if (first == 0) {
    // The kernel's choice for one family may be taken in the other.
    for (int i = 0; i < k_tries; ++i) {
      refusal = state_->try_port(request, 0, held);
      if (!refusal) return held;
      if (refusal->code != EADDRINUSE) break;
    }
    state_->refuse(request, refusal->address, 0, refusal->code);
  }
  for (std::uint32_t port = first; port <= last; ++port) {
    refusal = state_->try_port(request, static_cast<std::uint16_t>(port), held);
    if (!refusal) return held;
    if (refusal->code != EADDRINUSE) break;
  }
  if (first != last && refusal->code == EADDRINUSE)
    base::fail("no port of {}-{}/{} on {} is free", first, last, request.protocol, refusal->address.str());
  state_->refuse(request, refusal->address, request.published_first, refusal->code);
}

std::vector<HeldPort> PortPublisher::reserve_again(std::span<const PortBinding> bindings) {
  std::vector<HeldPort> held;
  for (const auto& binding : bindings) {
    const PortRequest request{.protocol = binding.protocol,
                              .host_address = binding.host_address,
                              .published_first = binding.host_port,
                              .published_last = binding.host_port,
                              .target = binding.container_port};
    for (auto& port : reserve(request)) held.push_back(std::move(port));
  }
  return held;
}

// What the links of these containers need besides rules: a packet to a loopback address may leave over a
// bridge only when that is allowed there, and a container reaches its own published port only when its link
// sends back.
void PortPublisher::State::prepare_links(std::span<const Store::PortRow> rows) {
  std::set<std::string> containers;
  std::set<NetworkId> looped;
  for (const auto& row : rows) containers.insert(row.container);
  netlink::Batch batch;
  for (const auto& container : containers)
    for (const auto& lease : store.leases_of(container)) {
      netlink::add_hairpin(batch, veth_name(container, lease.index));
      looped.insert(lease.network);
    }
  if (batch.empty()) return;
  netlink::Socket{NETLINK_ROUTE}.run(batch);
  const bool from_loopback = std::ranges::any_of(rows, [](const Store::PortRow& row) {
    return row.binding.host_address == "0.0.0.0" || row.binding.host_address.starts_with("127.");
  });
  if (!from_loopback) return;
  for (const auto& id : looped)
    if (const auto network = store.find_network_by_id(id)) allow_loopback_publishing(network->bridge);
}

void PortPublisher::publish(std::span<const Publication> publications) {
  std::vector<Store::PortRow> rows;
  for (const auto& publication : publications)
    for (const auto& binding : publication.bindings) {
      const bool v6 = binding.host_address.find(':') != std::string::npos;
      rows.push_back({publication.container, binding, v6 ? publication.ipv6 : publication.ipv4});
    }
  if (rows.empty()) return;
  const auto held = state_->lock();
  state_->store.database().transaction([&] {
    for (const auto& row : rows) {
      state_->store.delete_port(row.binding);  // of a container that was killed; the port is ours, we hold it
      state_->store.insert_port(row);
    }
  });
  base::fault_point("net.ports.rows");
  state_->prepare_links(rows);
  const auto ports = to_firewall(rows);
  if (ports.empty()) return;
  state_->add_to_firewall(ports);
  base::fault_point("net.ports.published");
  for (const auto& port : ports)
    if (port.binding.protocol == "udp") netlink::forget_udp_flows(port.binding.host_port);
}

void PortPublisher::State::add_to_firewall(const std::vector<FirewallPort>& ports) {
  if (!firewall.has_base()) return firewall.apply(whole_firewall(store));
  try {
    firewall.apply({.add_ports = ports});
  } catch (const base::Error&) {
    // A port may still lead to a container that was killed before it could be withdrawn.
    remove_one_by_one(ports);
    firewall.apply({.add_ports = ports});
  }
}

void PortPublisher::State::remove_from_firewall(const std::vector<FirewallPort>& ports) {
  if (ports.empty() || !firewall.has_base()) return;
  try {
    firewall.apply({.remove_ports = ports});
  } catch (const base::Error&) {
    remove_one_by_one(
        ports);  // somebody removed some by hand, and one that is missing fails the whole transaction
  }
}

void PortPublisher::State::remove_one_by_one(const std::vector<FirewallPort>& ports) {
  for (const auto& port : ports) {
    try {
      firewall.apply({.remove_ports = {port}});
    } catch (const base::Error&) {
      continue;  // this one is gone, as it should be
    }
  }
}

void PortPublisher::withdraw(std::span<const std::string> containers) {
  std::vector<Store::PortRow> rows;
  for (const auto& container : containers)
    for (auto& row : state_->store.ports_of(container)) rows.push_back(std::move(row));
  if (rows.empty()) return;
  const auto held = state_->lock();
  state_->remove_from_firewall(to_firewall(rows));
  base::fault_point("net.ports.withdrawn");
  state_->store.database().transaction([&] {
    for (const auto& container : containers) state_->store.delete_ports(container);
  });
  for (const auto& row : rows)
    if (row.binding.protocol == "udp") netlink::forget_udp_flows(row.binding.host_port);
}

std::vector<PortBinding> PortPublisher::published_by(const std::string& container) const {
  std::vector<PortBinding> bindings;
  for (const auto& row : state_->store.ports_of(container)) bindings.push_back(row.binding);
  return bindings;
}

void PortPublisher::reassert() {
  const auto rows = state_->store.ports_of("");
  if (rows.empty() || state_->firewall.has_base()) return;
  const auto held = state_->lock();
  state_->prepare_links(rows);
  state_->firewall.apply(whole_firewall(state_->store));
}

}  // namespace compose::net
