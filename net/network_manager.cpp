#include "net/network_manager.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <linux/netlink.h>
#include <set>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/file.hpp"
#include "base/id.hpp"
#include "base/lock_file.hpp"
#include "base/sys.hpp"
#include "net/address_pool.hpp"
#include "net/bridge.hpp"
#include "net/dns/names_table.hpp"
#include "net/firewall.hpp"
#include "net/firewall_rules.hpp"
#include "net/lease_book.hpp"
#include "net/link_names.hpp"
#include "net/netlink/link.hpp"
#include "net/sandbox.hpp"
#include "net/store.hpp"

namespace compose::net {

namespace sys = base::sys;
using base::fault_point;
using base::HostPath;

namespace {

constexpr const char* k_option_bridge_name = "com.docker.network.bridge.name";
constexpr const char* k_option_mtu = "com.docker.network.driver.mtu";

std::uint32_t mtu_option(const NetworkSpec& spec) {
  const auto found = spec.options.find(k_option_mtu);
  if (found == spec.options.end()) return 0;
  std::uint32_t mtu = 0;
  for (const char c : found->second)
    mtu = c >= '0' && c <= '9' && mtu < 100000 ? mtu * 10 + static_cast<std::uint32_t>(c - '0') : 100000;
  if (mtu < 68 || mtu > 65535)
    base::fail("network '{}': MTU '{}' is not between 68 and 65535", spec.name, found->second);
  return mtu;
}

std::string chosen_bridge_name(const NetworkSpec& spec) {
  const auto found = spec.options.find(k_option_bridge_name);
  if (found == spec.options.end()) return bridge_name(spec.id);
  const auto& name = found->second;
  const bool bad =
      name.empty() || name.size() > 15 || name == "." || name == ".." ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") !=
          std::string::npos;
  if (bad) base::fail("network '{}': '{}' cannot be the name of a link", spec.name, name);
  return name;
}

std::int64_t now_nanoseconds() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void check_driver(const NetworkSpec& spec) {
  if (spec.driver.empty() || spec.driver == "bridge" || spec.driver == "default") return;
  base::fail("network '{}': driver '{}' is not supported, only 'bridge' is", spec.name, spec.driver);
}

}  // namespace

struct NetworkManager::State {
  State(base::Database& database, HostPath root)
      : store(database),
        run_root(std::move(root)),
        group(link_group(run_root)),
        route(NETLINK_ROUTE),
        firewall(firewall_table(run_root)),
        leases(store) {}

  Store store;
  HostPath run_root;
  std::uint32_t group;
  netlink::Socket route;
  Firewall firewall;
  LeaseBook leases;
  std::map<NetworkId, Plug> plugs;   // what build_sandbox() has looked up already
  std::vector<std::string> retired;  // links of stopped containers
  std::vector<Network> begun;        // have their rows; come up when the first sandbox needs them
  std::set<NetworkId> up;            // brought up by this process
  struct Refusal {
    std::string why;
    bool told = false;
  };
  std::map<NetworkId, Refusal> refused;  // begun, and could not come up: no sandbox is made on them

  [[nodiscard]] HostPath directory(const NetworkId& id) const { return run_root / "networks" / id.str(); }
  [[nodiscard]] HostPath names(const NetworkId& id) const { return directory(id) / "names"; }
  // Changes of the packet filter and of the directory of names follow from what the store holds; they must
  // not overtake each other.
  [[nodiscard]] base::LockFile lock() const { return base::LockFile::acquire(run_root / "networks.lock"); }

  void fill_pools(Network& network);
  Network insert(const NetworkRequest& request);
  void bring_up(const Network& network);
  void put_rules(const Network& network);
  std::optional<Network> begin(const NetworkRequest& request);
  void finish_begun();
  void throw_if_refused(const NetworkId& network);
  void remove_durable(std::span<const Network> doomed, std::span<const std::string> containers);
  bool intact(const Network& network);
  const Plug& plug_of(const Lease& lease);
  void delete_links(std::span<const std::string> names);
};

// Chooses what the file left open; in the transaction that writes the row, so that no two networks choose the
// same.
void NetworkManager::State::fill_pools(Network& network) {
  auto taken = taken_subnets(route);
  for (const auto& other : store.list_networks(""))
    if (other.spec.id != network.spec.id)
      for (const auto& pool : other.spec.pools)
        if (const auto subnet = Subnet::parse(pool.subnet)) taken.push_back(*subnet);
  bool has_v4 = false;
  bool has_v6 = false;
  for (auto& spec : network.spec.pools) {
    const bool v6 = spec.subnet.find(':') != std::string::npos;
    if (spec.subnet.empty()) spec.subnet = choose_subnet(taken).str();
    const Pool pool =
        base::with_context(text("network '{}'", network.spec.name), [&] { return make_pool(spec); });
    if (v6 ? std::exchange(has_v6, true) : std::exchange(has_v4, true))
      base::fail("network '{}': more than one subnet of a kind", network.spec.name);
    for (const auto& t : taken)
      if (t.prefix > 0 && pool.subnet.overlaps(t))
        base::fail("network '{}': subnet {} overlaps {}, which is in use on this host", network.spec.name,
                   pool.subnet.str(), t.str());
    spec = to_spec(pool);
  }
  const auto add = [&](const Subnet& subnet) {
    network.spec.pools.push_back(to_spec(make_pool({.subnet = subnet.str()})));
  };
  if (network.spec.enable_ipv4 && !has_v4) add(choose_subnet(taken));
  if (network.spec.enable_ipv6 && !has_v6) add(choose_subnet_v6(taken, network.spec.id));
}

Network NetworkManager::State::insert(const NetworkRequest& request) {
  Network network{.spec = request.spec,
                  .project = request.project,
                  .key = request.key,
                  .labels = request.labels,
                  .config_hash = request.config_hash,
                  .complete = false,
                  .created_at = now_nanoseconds()};
  check_driver(network.spec);
  network.spec.id = NetworkId{base::random_hex(32)};
  network.bridge = chosen_bridge_name(network.spec);
  mtu_option(network.spec);
  store.database().transaction([&] {
    fill_pools(network);
    store.insert_network(network);
  });
  fault_point("net.network.row");
  return network;
}

void NetworkManager::State::bring_up(const Network& network) {
  std::uint32_t mtu = mtu_option(network.spec);
  if (mtu == 0) mtu = host_mtu(route);
  ensure_bridge(route, {.name = network.bridge,
                        .mtu = mtu,
                        .group = group,
                        .pools = network.spec.pools,
                        .enable_ipv6 = network.spec.enable_ipv6});
  fault_point("net.network.bridge");
  const auto held = lock();
  sys::make_directories(directory(network.spec.id), 0711);
  dns::NamesTable::create(names(network.spec.id));
  fault_point("net.network.names");
  put_rules(network);
  fault_point("net.network.firewall");
  if (!network.complete) store.mark_complete(network.spec.id);
  up.insert(network.spec.id);
}

void NetworkManager::State::put_rules(const Network& network) {
  if (!firewall.has_base())
    firewall.apply(whole_firewall(store));
  else if (!firewall.has_network(network.bridge))
    firewall.apply({.add_networks = {to_firewall(network)}});
  enable_forwarding(network.spec.enable_ipv6 && !network.spec.internal);
}

// What is left to bring up: nothing, where all is there.
std::optional<Network> NetworkManager::State::begin(const NetworkRequest& request) {
  auto network = store.find_network(request.spec.name);
  if (network && network->project != request.project)
    base::fail("network '{}' exists already and belongs to project '{}'", request.spec.name,
               network->project);
  if (network && network->complete && intact(*network)) return std::nullopt;
  if (!network) network = insert(request);
  refused.erase(network->spec.id);
  return network;
}

void NetworkManager::State::finish_begun() {
  for (const auto& network : std::exchange(begun, {})) {
    try {
      bring_up(network);
    } catch (const std::exception& e) {
      refused[network.spec.id] = {.why = base::text("network '{}': {}", network.spec.name, e.what())};
    }
  }
}

void NetworkManager::State::throw_if_refused(const NetworkId& network) {
  const auto found = refused.find(network);
  if (found == refused.end()) return;
  found->second.told = true;
  throw base::Error(found->second.why);
}

bool NetworkManager::State::intact(const Network& network) {
  const auto link = netlink::find_link(route, network.bridge);
  return link && link->up && link->kind == "bridge" && firewall.has_network(network.bridge) &&
         sys::exists(names(network.spec.id));
}

// The links are gone already; the rows go last, so that what a killed command leaves is found by them.
void NetworkManager::State::remove_durable(std::span<const Network> doomed,
                                           std::span<const std::string> containers) {
  auto held = lock();
  FirewallChange change;
  for (const auto& network : doomed) {
    plugs.erase(network.spec.id);
    if (firewall.has_network(network.bridge)) change.remove_networks.push_back(to_firewall(network));
  }
  const bool last = store.list_networks("").size() == doomed.size();
  if (last)
    firewall.delete_table();
  else if (!change.remove_networks.empty())
    firewall.apply(change);
  fault_point("net.network.rules_deleted");
  for (const auto& network : doomed) sys::remove_tree(directory(network.spec.id));
  if (last) sys::remove_tree(run_root / "networks");
  fault_point("net.network.names_deleted");
  store.database().transaction([&] {
    for (const auto& container : containers) store.delete_leases(container);
    for (const auto& network : doomed) store.delete_network(network.spec.id);
  });
  fault_point("net.network.row_deleted");
  if (last) held.remove();
}

const Plug& NetworkManager::State::plug_of(const Lease& lease) {
  if (const auto found = plugs.find(lease.network); found != plugs.end()) return found->second;
  const auto network = store.find_network(lease.network_name);
  if (!network || network->spec.id != lease.network)
    base::fail("network '{}' does not exist any more", lease.network_name);
  // Whoever made the row was killed before the rest, or the host has started anew.
  if (!up.contains(lease.network) && (!network->complete || !intact(*network))) {
    begun.push_back(*network);
    finish_begun();
  }
  throw_if_refused(lease.network);
  const auto link = netlink::find_link(route, network->bridge);
  if (!link)
    base::fail("network '{}': its bridge '{}' has been taken away", lease.network_name, network->bridge);
  return plugs
      .emplace(lease.network, Plug{.lease = {},
                                   .bridge = network->bridge,
                                   .bridge_index = link->index,
                                   .may_be_first = !link->operational,
                                   .mtu = link->mtu,
                                   .isolated = option_is_off(network->spec, k_option_icc)})
      .first->second;
}

// All into one group of their own, then the whole group at once: the kernel waits for its grace period once.
void NetworkManager::State::delete_links(std::span<const std::string> link_names) {
  if (link_names.empty()) return;
  const std::uint32_t doomed =
      0x20000000U | static_cast<std::uint32_t>(std::stoul(base::random_hex(3), nullptr, 16));
  netlink::Batch batch;
  for (const auto& name : link_names) netlink::add_regroup(batch, name, doomed);
  netlink::add_delete_group(batch, doomed);
  route.run(batch);
}

NetworkManager::NetworkManager(base::Database& database, HostPath run_root)
    : state_(std::make_unique<State>(database, std::move(run_root))) {}
NetworkManager::~NetworkManager() {
  try {
    settle();
  } catch (const base::Error&) {
    // Said in the header.
  }
}

void NetworkManager::name_containers_with(ContainerNameOf name_of) {
  state_->store.name_containers_with(std::move(name_of));
}

Network NetworkManager::create(const NetworkRequest& request) {
  begin(request);
  state_->finish_begun();
  auto network = state_->store.find_network(request.spec.name);
  state_->throw_if_refused(network->spec.id);
  return std::move(*network);
}

void NetworkManager::begin(const NetworkRequest& request) {
  if (auto network = state_->begin(request)) state_->begun.push_back(std::move(*network));
}

bool NetworkManager::remove(const std::string& name) {
  if (!state_->store.find_network(name)) return false;
  remove_all(std::array{name});
  return true;
}

void NetworkManager::remove_all(std::span<const std::string> names, std::span<const std::string> containers) {
  State& s = *state_;
  std::vector<Network> doomed;
  for (const auto& name : names) {
    auto network = s.store.find_network(name);
    if (!network) continue;
    for (const auto& holder : s.store.containers_on(network->spec.id))
      if (std::ranges::find(containers, holder) == containers.end())
        base::fail("network '{}' is in use by container {}", name, s.store.shown(holder));
    doomed.push_back(std::move(*network));
  }
  s.finish_begun();
  retire_sandboxes(containers);
  auto links = std::exchange(s.retired, {});
  for (const auto& network : doomed)
    if (leave_bridge(s.route, network.bridge, s.group)) links.push_back(network.bridge);
  s.delete_links(links);
  fault_point("net.network.links_deleted");
  if (doomed.empty()) return;
  s.remove_durable(doomed, containers);
}

bool NetworkManager::in_use(const std::string& name) const {
  const auto network = state_->store.find_network(name);
  return network && !state_->store.containers_on(network->spec.id).empty();
}
std::optional<Network> NetworkManager::find(const std::string& name) const {
  return state_->store.find_network(name);
}
std::vector<Network> NetworkManager::list() const {
  return state_->store.list_networks("");
}
std::vector<Network> NetworkManager::list_of_project(const std::string& project) const {
  return state_->store.list_networks(project);
}
HostPath NetworkManager::names_table(const NetworkId& id) const {
  return state_->names(id);
}
bool NetworkManager::intact(const Network& network) const {
  return state_->intact(network);
}

std::vector<std::vector<Lease>> NetworkManager::lease(std::span<const LeaseRequest> requests) {
  return state_->leases.lease(requests);
}
std::vector<Lease> NetworkManager::leases_of(const std::string& container) const {
  return state_->leases.leases_of(container);
}
void NetworkManager::release(std::span<const std::string> containers) {
  state_->leases.release(containers);
}

Sandbox NetworkManager::build_sandbox(const SandboxSpec& spec) {
  state_->delete_links(std::exchange(state_->retired, {}));
  state_->finish_begun();
  std::vector<Plug> plugs;
  for (const auto& lease : spec.leases) {
    plugs.push_back(state_->plug_of(lease));
    plugs.back().lease = lease;
  }
  auto sandbox = net::build_sandbox(state_->route, state_->group, spec, plugs);
  for (const auto& lease : spec.leases) state_->plugs.at(lease.network).may_be_first = false;
  return sandbox;
}

void NetworkManager::retire_sandboxes(std::span<const std::string> containers) {
  std::ranges::copy(state_->leases.link_names(containers), std::back_inserter(state_->retired));
}

void NetworkManager::settle() {
  state_->finish_begun();
  state_->delete_links(std::exchange(state_->retired, {}));
  std::string untold;
  for (auto& [network, refusal] : state_->refused)
    if (!std::exchange(refusal.told, true)) untold += (untold.empty() ? "" : "\n") + refusal.why;
  if (!untold.empty()) throw base::Error(untold);
}

}  // namespace compose::net
