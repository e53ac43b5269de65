#include "net/lease_book.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "net/address_pool.hpp"
#include "net/link_names.hpp"

namespace compose::net {

namespace {

struct Pools {
  std::optional<Pool> v4;
  std::optional<Pool> v6;
};

Pools pools_of(const Network& network) {
  Pools pools;
  for (const auto& spec : network.spec.pools) {
    const Pool pool = make_pool(spec);
    (pool.subnet.address.v6 ? pools.v6 : pools.v4) = pool;
  }
  return pools;
}

// Networks of one batch, read once.
class Networks {
 public:
  explicit Networks(const Store& store) : store_(store) {}
  struct Entry {
    Network network;
    Pools pools;
  };
  const Entry& named(const std::string& name) {
    if (const auto found = entries_.find(name); found != entries_.end()) return found->second;
    auto network = store_.find_network(name);
    if (!network) base::fail("network '{}' does not exist", name);
    Pools pools = pools_of(*network);
    return entries_.emplace(name, Entry{std::move(*network), std::move(pools)}).first->second;
  }

 private:
  const Store& store_;
  std::map<std::string, Entry> entries_;
};

std::string take_address(Store& store, const Network& network, const std::optional<Pool>& pool,
                         const std::string& wanted, const char* family) {
  const auto& name = network.spec.name;
  if (!pool) {
    if (!wanted.empty()) base::fail("network '{}' has no {} subnet for address {}", name, family, wanted);
    return {};
  }
  const auto& id = network.spec.id;
  if (!wanted.empty()) {
    const IpAddress address = base::with_context(base::text("network '{}'", name),
                                                 [&] { return check_static_address(*pool, wanted); });
    if (const auto holder = store.holder_of(id, address))
      base::fail("network '{}': address {} is in use by container {}", name, wanted, store.shown(*holder));
    return address.str();
  }
  const auto address = next_address(*pool, store.last_given(id, pool->subnet.address.v6),
                                    [&](const IpAddress& a) { return store.holder_of(id, a).has_value(); });
  if (!address) base::fail("network '{}': no free address is left in {}", name, pool->range.str());
  store.set_last_given(id, *address);
  return address->str();
}

std::string mac_for(const AttachmentSpec& attachment, const std::string& ipv4, const std::string& ipv6) {
  if (!attachment.mac_address.empty()) {
    if (!parse_mac(attachment.mac_address))
      base::fail("network '{}': '{}' is not a MAC address", attachment.network, attachment.mac_address);
    return attachment.mac_address;
  }
  const auto address = IpAddress::parse(ipv4.empty() ? ipv6 : ipv4);
  if (!address) base::fail("network '{}' has neither an IPv4 nor an IPv6 subnet", attachment.network);
  return mac_of(*address);
}

Lease to_lease(const Store::LeaseRow& row, const Networks::Entry& entry) {
  const auto& [network, pools] = entry;
  Lease lease{.network = row.network,
              .network_name = network.spec.name,
              .container = row.container,
              .index = row.index,
              .ipv4 = row.ipv4,
              .ipv6 = row.ipv6,
              .mac = row.mac,
              .default_route = row.default_route,
              .internal = network.spec.internal};
  if (pools.v4) {
    lease.ipv4_prefix = pools.v4->subnet.prefix;
    lease.ipv4_gateway = pools.v4->gateway.str();
  }
  if (pools.v6) {
    lease.ipv6_prefix = pools.v6->subnet.prefix;
    lease.ipv6_gateway = pools.v6->gateway.str();
  }
  return lease;
}

// The interfaces of one container in their order: by priority, then as the file has them.
std::vector<AttachmentSpec> in_order(const LeaseRequest& request) {
  auto attachments = request.attachments;
  std::ranges::stable_sort(attachments, std::ranges::greater{}, &AttachmentSpec::priority);
  if (attachments.size() > static_cast<std::size_t>(k_max_interfaces))
    base::fail("container {}: more than {} networks", request.container.substr(0, 12), k_max_interfaces);
  for (std::size_t i = 0; i < attachments.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (attachments[i].network == attachments[j].network)
        base::fail("network '{}' is attached twice to one container", attachments[i].network);
  return attachments;
}

}  // namespace

namespace {

// What asks for an address of its own comes first, so that nobody else is given it.
std::vector<std::size_t> in_order(std::span<const LeaseRequest> requests) {
  std::vector<std::size_t> order(requests.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_partition(order, [&](std::size_t i) {
    return std::ranges::any_of(requests[i].attachments, [](const AttachmentSpec& a) {
      return !a.ipv4_address.empty() || !a.ipv6_address.empty();
    });
  });
  return order;
}

std::vector<Lease> lease_one(Store& store, Networks& networks, const LeaseRequest& request) {
  std::vector<Lease> leases;
  bool has_default_route = false;
  for (const auto& attachment : in_order(request)) {
    const auto& entry = networks.named(attachment.network);
    Store::LeaseRow row{.network = entry.network.spec.id,
                        .container = request.container,
                        .index = static_cast<int>(leases.size())};
    row.ipv4 = take_address(store, entry.network, entry.pools.v4, attachment.ipv4_address, "IPv4");
    row.ipv6 = take_address(store, entry.network, entry.pools.v6, attachment.ipv6_address, "IPv6");
    row.mac = mac_for(attachment, row.ipv4, row.ipv6);
    row.default_route = !has_default_route && !entry.network.spec.internal;
    has_default_route = has_default_route || row.default_route;
    store.insert_lease(row);
    leases.push_back(to_lease(row, entry));
  }
  return leases;
}

}  // namespace

std::vector<std::vector<Lease>> LeaseBook::lease(std::span<const LeaseRequest> requests) {
  std::vector<std::vector<Lease>> all(requests.size());
  store_.database().transaction([&] {
    Networks networks{store_};
    for (const std::size_t i : in_order(requests)) all[i] = lease_one(store_, networks, requests[i]);
  });
  base::fault_point("net.leases.given");
  return all;
}

std::vector<Lease> LeaseBook::leases_of(const std::string& container) const {
  std::vector<Lease> leases;
  for (const auto& row : store_.leases_of(container)) {
    const auto network = store_.find_network_by_id(row.network);
    if (!network)
      base::fail("container {}: one of its networks does not exist any more", container.substr(0, 12));
    leases.push_back(to_lease(row, {*network, pools_of(*network)}));
  }
  return leases;
}

void LeaseBook::release(std::span<const std::string> containers) {
  if (containers.empty()) return;
  store_.database().transaction([&] {
    for (const auto& container : containers) store_.delete_leases(container);
  });
  base::fault_point("net.leases.released");
}

std::vector<std::string> LeaseBook::link_names(std::span<const std::string> containers) const {
  std::vector<std::string> names;
  for (const auto& [container, index] : store_.interfaces_of(containers))
    names.push_back(veth_name(container, index));
  return names;
}

}  // namespace compose::net
