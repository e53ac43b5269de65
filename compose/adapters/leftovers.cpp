#include "compose/adapters/leftovers.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys.hpp"
#include "compose/adapters/new_container.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::adapters {

using base::fault_point;

namespace {

// A volume that its predecessor or a successor mounts too is theirs from now on.
void remove_anonymous_volumes(const Rooms& rooms, const ContainerRecord& record) {
  for (const auto& mounted : record.summary.volumes) {
    const auto volume = mounted.anonymous ? rooms.state.volume(mounted.volume) : std::nullopt;
    if (!volume || volume->owner != record.id) continue;
    if (const auto heir = rooms.state.other_user_of_volume(volume->name, record.id)) {
      rooms.state.own_volume(volume->name, *heir);
      continue;
    }
    base::sys::remove_tree(rooms.paths.volume_directory(volume->name));
    rooms.state.remove_volume(volume->name);
  }
}

void remove_files(const Rooms& rooms, rt::Remains& remains, const ContainerRecord& record,
                  bool with_anonymous_volumes) {
  remains.clean_up(record.project, record.id);
  if (with_anonymous_volumes) remove_anonymous_volumes(rooms, record);
  base::sys::remove_tree(rooms.paths.runtime().container_directory(record.id));
}

// A container whose addresses were given to the one that was to replace it, or to nobody.
bool lacks_leases(const Rooms& rooms, const ContainerRecord& record) {
  return !record.summary.networks.empty() && rooms.networks.leases_of(record.id.str()).empty();
}

// Those that it had, and had been told to others; new ones where they have been taken.
void lease_again(const Rooms& rooms, const ContainerRecord& record) {
  auto spec = rooms.state.spec(record.id);
  net::LeaseRequest wanted{.container = record.id.str(), .attachments = {}};
  for (const auto& endpoint : spec.endpoints)
    wanted.attachments.push_back(
        {.network = endpoint.network, .ipv4_address = endpoint.ipv4, .ipv6_address = endpoint.ipv6});
  if (wanted.attachments.empty()) return;
  try {
    static_cast<void>(rooms.networks.lease({&wanted, 1}));
    return;
  } catch (const base::Error&) {
    for (auto& attachment : wanted.attachments) attachment.ipv4_address = attachment.ipv6_address = "";
  }
  rooms.state.transaction([&] {
    for (const auto& lease : rooms.networks.lease({&wanted, 1}).front())
      for (auto& endpoint : spec.endpoints) {
        if (endpoint.network != lease.network_name) continue;
        endpoint.ipv4 = lease.ipv4;
        endpoint.ipv6 = lease.ipv6;
      }
    rooms.state.set_spec(record.id, spec);
  });
}

struct Findings {
  std::vector<ContainerId> ended;
  std::vector<ContainerId> to_remove;
  std::vector<ContainerId> to_purge;
  std::vector<ContainerId> to_keep;  // were to be removed, but nothing of them has been taken away yet
  std::vector<ContainerRecord> without_leases;
  std::vector<ContainerRecord> running_with_ports;
};

// The other one that has the number of a replica: made to replace it, and not yet started.
bool is_successor(const ContainerRecord& other, const ContainerRecord& of) {
  return other.id != of.id && !other.one_off && other.service == of.service && other.number == of.number &&
         other.phase == Phase::complete && !other.summary.started;
}

Findings examine(const Rooms& rooms, const std::string& project) {
  Findings found;
  const auto all = rooms.state.containers(project);
  for (const auto& record : all) {
    if (record.phase == Phase::complete && !record.one_off && lacks_leases(rooms, record)) {
      found.without_leases.push_back(record);
      for (const auto& other : all)
        if (is_successor(other, record)) found.to_purge.push_back(other.id);
    }
    const bool alive = rt::shim_alive(rooms.paths.runtime(), record.id);
    if (!alive) found.ended.push_back(record.id);
    // The removal of a container of `run` may be going on: that is done without the lock.
    if (record.phase == Phase::creating)
      found.to_purge.push_back(record.id);
    else if (is_going(record.phase) && alive)
      found.to_keep.push_back(record.id);
    else if (is_going(record.phase) && !record.one_off)
      (record.phase == Phase::purging ? found.to_purge : found.to_remove).push_back(record.id);
    if (alive && !record.summary.ports.empty()) found.running_with_ports.push_back(record);
  }
  return found;
}

void publish_again(const Rooms& rooms, const std::vector<ContainerRecord>& containers) {
  std::vector<net::Publication> publications;
  for (const auto& record : containers)
    publications.push_back(
        publication_of(record.id, record.summary.ports, rooms.networks.leases_of(record.id.str())));
  if (!publications.empty()) rooms.ports.publish(publications);
}

// The row of a volume comes before its directory.
void complete_volumes(const Rooms& rooms, const std::string& project) {
  for (const auto& volume : rooms.state.volumes(project)) {
    const auto own = rooms.paths.volume_data(volume.name);
    if (data_of_volume(rooms.paths, volume.name, volume.options) == own) base::sys::make_directories(own);
  }
}

}  // namespace

void release_network(const Rooms& rooms, std::span<const ContainerId> ids) {
  const auto containers = strings_of(ids);
  rooms.ports.withdraw(containers);
  rooms.networks.retire_sandboxes(containers);
}

std::vector<std::optional<std::string>> take_away(const Rooms& rooms, rt::Remains& remains,
                                                  std::span<const ContainerId> ids,
                                                  bool with_anonymous_volumes) {
  release_network(rooms, ids);
  fault_point("remove.network");
  std::vector<std::optional<std::string>> failures;
  std::vector<ContainerId> gone;
  std::set<std::string> projects;
  for (const auto& id : ids) {
    auto& failure = failures.emplace_back();
    try {
      if (const auto record = rooms.state.container(id)) {
        remove_files(rooms, remains, *record, with_anonymous_volumes);
        projects.insert(record->project);
      }
      gone.push_back(id);
    } catch (const base::Error& e) {
      failure = e.what();
    }
  }
  for (const auto& project : projects) remains.remove_empty_parents(project);
  fault_point("remove.files");
  rooms.state.transaction([&] {
    rooms.networks.release(strings_of(gone));
    rooms.state.remove_containers(gone);
  });
  fault_point("remove.rows");
  return failures;
}

std::vector<net::PortBinding> bindings_of(const std::vector<rt::PublishedPort>& ports) {
  std::vector<net::PortBinding> bindings;
  for (const auto& p : ports) bindings.push_back({p.protocol, p.host_address, p.host_port, p.container_port});
  return bindings;
}

net::Publication publication_of(const ContainerId& id, const std::vector<rt::PublishedPort>& ports,
                                const std::vector<net::Lease>& leases) {
  net::Publication publication{.container = id.str(), .bindings = bindings_of(ports)};
  const auto outside = std::ranges::find(leases, false, &net::Lease::internal);
  if (outside != leases.end()) {
    publication.ipv4 = outside->ipv4;
    publication.ipv6 = outside->ipv6;
  }
  return publication;
}

void remove_ownerless_volumes(const Rooms& rooms, const std::string& project) {
  for (const auto& volume : rooms.state.volumes(project)) {
    if (!volume.key.empty() || rooms.state.container(volume.owner) ||
        rooms.state.other_user_of_volume(volume.name, volume.owner))
      continue;
    base::sys::remove_tree(rooms.paths.volume_directory(volume.name));
    rooms.state.remove_volume(volume.name);
  }
}

std::vector<std::string> repair_project(const Rooms& rooms, const std::string& project) {
  std::vector<std::string> failures;
  const auto attempt = [&](const auto& work) {
    try {
      work();
    } catch (const base::Error& e) {
      failures.emplace_back(e.what());
    }
  };
  rt::Remains remains{rooms.paths.runtime()};
  const auto finish_removal = [&](const std::vector<ContainerId>& ids, bool with_anonymous_volumes) {
    if (ids.empty()) return;
    attempt([&] {
      for (const auto& failure : take_away(rooms, remains, ids, with_anonymous_volumes))
        if (failure) failures.push_back(*failure);
    });
  };
  const Findings found = examine(rooms, project);
  if (!found.to_keep.empty()) rooms.state.set_phase(found.to_keep, Phase::complete);
  finish_removal(found.to_remove, false);
  finish_removal(found.to_purge, true);
  attempt([&] { complete_volumes(rooms, project); });
  for (const auto& record : found.without_leases) attempt([&] { lease_again(rooms, record); });
  if (!found.ended.empty()) attempt([&] { release_network(rooms, found.ended); });
  attempt([&] { publish_again(rooms, found.running_with_ports); });
  return failures;
}

}  // namespace compose::adapters
