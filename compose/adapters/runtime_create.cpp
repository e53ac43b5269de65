// Creation: ids, rows, addresses, directories.
#include <algorithm>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys.hpp"
#include "compose/adapters/runtime_order.hpp"

namespace compose::adapters {

using base::fault_point;

NewContainer RuntimeAdapter::draft(const Order& order) {
  std::vector<std::pair<std::string, rt::ContainerSpec>> peers;
  for (const auto& [service, id] : order.peers) peers.emplace_back(service, spec(id));
  const auto& service = *order.service;
  return make_container({.service = service,
                         .desired = *parts_.desired,
                         .paths = parts_.paths,
                         .name = order.name,
                         .number = order.number,
                         .one_off = order.one_off,
                         .group_names = order.group_names,
                         .layers = layers(service.image_id),
                         .inherited = order.replaces && !order.renew_volumes
                                          ? inherited_volumes(*order.replaces)
                                          : std::vector<MountedVolume>{},
                         .peers = std::move(peers),
                         .spec_of_named =
                             [this](const std::string& name) {
                               const auto found = parts_.state.container_named(name);
                               if (!found) base::fail("no such container: {}", name);
                               return parts_.state.spec(found->id);
                             },
                         .now = parts_.clock.wall().time_since_epoch().count()});
}

const std::vector<base::HostPath>& RuntimeAdapter::layers(const std::string& image) {
  const auto found = layers_.find(image);
  return found != layers_.end() ? found->second
                                : layers_.emplace(image, parts_.layers_of(image)).first->second;
}

std::vector<MountedVolume> RuntimeAdapter::inherited_volumes(const ContainerId& from) {
  std::vector<MountedVolume> anonymous;
  const auto record = parts_.state.container(from);
  if (!record) return anonymous;
  std::ranges::copy_if(record->summary.volumes, std::back_inserter(anonymous), &MountedVolume::anonymous);
  return anonymous;
}

namespace {

// The addresses that the replaced container had become wishes of its successor, where the file does not fix
// them.
void keep_addresses(net::LeaseRequest& request, const std::vector<net::Lease>& leases) {
  for (auto& attachment : request.attachments) {
    const auto lease = std::ranges::find(leases, attachment.network, &net::Lease::network_name);
    if (lease == leases.end()) continue;
    if (attachment.ipv4_address.empty()) attachment.ipv4_address = lease->ipv4;
    if (attachment.ipv6_address.empty()) attachment.ipv6_address = lease->ipv6;
  }
}

}  // namespace

void RuntimeAdapter::lease_addresses(std::vector<NewContainer>& drafts, std::span<const Order> orders) {
  std::vector<net::LeaseRequest> requests;
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    net::LeaseRequest request{drafts[i].record.id.str(),
                              named_attachments(*parts_.desired, *orders[i].service)};
    if (const auto& old = orders[i].replaces) {
      keep_addresses(request, parts_.networks.leases_of(old->str()));
      const std::string id = old->str();
      parts_.networks.release({&id, 1});
    }
    requests.push_back(std::move(request));
  }
  const auto leases = parts_.networks.lease(requests);
  const auto table = [this](const net::NetworkId& id) { return parts_.networks.names_table(id); };
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    set_endpoints(drafts[i].spec, orders[i].group_names ? orders[i].service->name : "",
                  requests[i].attachments, leases[i], table);
    name_host_gateway(drafts[i].spec, leases[i]);
  }
}

void RuntimeAdapter::make_directories(const NewContainer& container) {
  const auto& rootfs = container.spec.rootfs;
  base::sys::make_directories(rootfs.upper.parent(), 0710);
  base::sys::make_directory_if_missing(rootfs.upper);
  base::sys::make_directory_if_missing(rootfs.work, 0700);
  base::sys::make_directory_if_missing(parts_.paths.runtime().log_directory(container.spec.id), 0700);
  for (const auto& volume : container.anonymous_volumes)
    base::sys::make_directories(parts_.paths.volume_data(volume.name));
}

// All or none: an error rolls the transaction back and removes the directories that were made.
std::vector<NewContainer> RuntimeAdapter::create_rows(std::span<const Order> orders) {
  std::vector<NewContainer> made;
  for (const auto& order : orders) made.push_back(draft(order));
  fault_point("create.begin");
  parts_.state.transaction([&] {
    lease_addresses(made, orders);
    for (const auto& c : made) {
      parts_.state.add_container(c.record, c.spec, c.config);
      for (const auto& volume : c.anonymous_volumes) {
        parts_.state.add_volume(volume);
        parts_.state.own_volume(volume.name, c.record.id);
      }
    }
  });
  fault_point("create.rows");
  std::vector<ContainerId> ids;
  for (const auto& c : made) ids.push_back(c.record.id);
  try {
    for (const auto& c : made) make_directories(c);
    fault_point("create.directories");
    parts_.state.set_phase(ids, Phase::complete);
  } catch (const base::Error&) {
    take_away(rooms(), remains_, ids, true);
    throw;
  }
  fault_point("create.complete");
  for (const auto& c : made) {
    specs_[c.record.id] = c.spec;
    unstarted_.push_back(c.record.id);
    fresh_.insert(c.record.id);
  }
  return made;
}

Task<std::vector<sched::Created>> RuntimeAdapter::create(std::span<const sched::CreateRequest> requests) {
  std::vector<Order> orders;
  for (const auto& r : requests)
    orders.push_back({.service = r.service,
                      .number = r.number,
                      .name = r.name,
                      .replaces = r.replaces,
                      .renew_volumes = r.renew_anonymous_volumes,
                      .peers = r.peers});
  std::vector<sched::Created> results(requests.size());
  const auto run = [&](std::size_t first, std::size_t count) -> Failure {
    try {
      const auto made = create_rows(std::span{orders}.subspan(first, count));
      for (std::size_t i = 0; i < count; ++i) results[first + i].id = made[i].record.id;
      return std::nullopt;
    } catch (const base::Error& e) {
      return e.what();
    }
  };
  // One transaction for the whole batch; where one of them cannot be made, each stands for itself.
  if (run(0, orders.size()))
    for (std::size_t i = 0; i < orders.size(); ++i) results[i].failure = run(i, 1);
  co_return results;
}

ContainerId RuntimeAdapter::create_one_off(const OneOffRequest& request) {
  const Order order{.service = request.service,
                    .name = request.name,
                    .one_off = true,
                    .group_names = request.use_aliases,
                    .peers = request.peers};
  return create_rows({&order, 1}).front().record.id;
}

}  // namespace compose::adapters
