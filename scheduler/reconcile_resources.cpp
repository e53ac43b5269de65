// Networks and volumes: which are missing, changed or somebody else's, and what that means for the containers
// on them.
#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "scheduler/reconciler.hpp"

namespace compose::sched {

using base::text;

const DesiredNetwork* Reconciler::network(const std::string& key) const {
  const auto found = std::ranges::find(desired_.networks, key, &DesiredNetwork::key);
  return found == desired_.networks.end() ? nullptr : &*found;
}

const DesiredVolume* Reconciler::volume(const std::string& key) const {
  const auto found = std::ranges::find(desired_.volumes, key, &DesiredVolume::key);
  return found == desired_.volumes.end() ? nullptr : &*found;
}

void Reconciler::decide_networks() {
  std::set<std::string> used;
  for (const ServiceState& state : services_) {
    if (!state.service || !state.in_scope) continue;
    for (const net::AttachmentSpec& a : state.service->attachments) used.insert(a.network);
  }
  for (const DesiredNetwork& wanted : desired_.networks)
    if (used.contains(wanted.key)) decide_network(wanted);
}

void Reconciler::decide_network(const DesiredNetwork& wanted) {
  const std::string& name = wanted.spec.name;
  const auto found = std::ranges::find(observed_.networks, name, &ObservedNetwork::name);
  if (found == observed_.networks.end()) {
    if (wanted.external) base::fail("network {} declared as external, but could not be found", name);
    network_work_[wanted.key] = {.network = &wanted, .cause = "missing"};
  } else if (!found->complete && !wanted.external) {
    network_work_[wanted.key] = {.network = &wanted, .cause = "creation was interrupted"};
  } else if (wanted.external) {
    return;
  } else if (found->key.empty()) {
    plan_.warn(
        text("a network with name {} exists but was not created by compose. Set `external: true` to use an "
             "existing "
             "network",
             name));
  } else if (found->config_hash != wanted.config_hash) {
    network_work_[wanted.key] = {.network = &wanted, .recreate = true, .cause = "configuration changed"};
    mark_network_users(wanted);
  }
}

void Reconciler::mark_network_users(const DesiredNetwork& wanted) {
  for (ServiceState& state : services_) {
    for (Replica& replica : state.replicas) {
      if (!replica.old) continue;
      const auto& networks = replica.old->networks;
      if (std::ranges::find(networks, wanted.spec.name) != networks.end())
        replica.reconnect.push_back(&wanted);
    }
  }
}

void Reconciler::decide_volumes() {
  std::set<std::string> used;
  for (const ServiceState& state : services_) {
    if (!state.service || !state.in_scope) continue;
    for (const VolumeUse& use : state.service->volumes) used.insert(use.volume);
  }
  for (const DesiredVolume& wanted : desired_.volumes) {
    if (!used.contains(wanted.key)) continue;
    const auto found = std::ranges::find(observed_.volumes, wanted.name, &ObservedVolume::name);
    if (found == observed_.volumes.end()) {
      if (wanted.external) base::fail("external volume \"{}\" not found", wanted.name);
      volume_work_[wanted.key] = {.volume = &wanted};
    } else if (wanted.external) {
      continue;
    } else if (found->key.empty()) {
      plan_.warn(
          text("volume \"{}\" already exists but was not created by Docker Compose. Use `external: true` to "
               "use an "
               "existing volume",
               wanted.name));
    } else if (found->config_hash != wanted.config_hash && options_.recreate_volumes.contains(wanted.name)) {
      volume_work_[wanted.key] = {.volume = &wanted, .recreate = true};
    }
  }
}

// A volume cannot be taken away under a container: those that mount it are removed and made again.
void Reconciler::mark_volume_users_out_of_scope() {
  for (ServiceState& state : services_) {
    if (state.in_scope) continue;
    for (Replica& replica : state.replicas) {
      if (!replica.old || !replica.old->complete) continue;
      replica.cause = why_remake(*replica.old);
      if (!replica.cause.empty()) replica.fate = state.service ? Fate::remake : Fate::remove;
    }
  }
}

void Reconciler::write_networks() {
  for (auto& [key, work] : network_work_) {
    const std::string& name = work.network->spec.name;
    std::vector<StepId> free;
    std::vector<Replica*> users;
    for (ServiceState& state : services_) {
      for (Replica& replica : state.replicas) {
        if (!work.recreate || std::ranges::find(replica.reconnect, work.network) == replica.reconnect.end())
          continue;
        if (replica.removed != StepId::none) {
          free.push_back(replica.removed);
          continue;
        }
        const ContainerRef ref = existing_ref(replica);
        free.push_back(plan_.add(DisconnectNetwork{ref, name}, {replica.stopped, replica.prepared},
                                 text("network {} changed", name)));
        if (replica.fate == Fate::keep) users.push_back(&replica);
      }
    }
    if (work.recreate) free = {plan_.add(RemoveNetwork{name}, std::move(free), work.cause)};
    work.ready = plan_.add(CreateNetwork{key, name}, std::move(free), work.cause);
    for (Replica* replica : users) {
      replica->ready = plan_.add(ConnectNetwork{existing_ref(*replica), key, name},
                                 {work.ready, replica->ready}, text("network {} changed", name));
    }
  }
}

void Reconciler::write_volumes() {
  for (auto& [key, work] : volume_work_) {
    const std::string& name = work.volume->name;
    if (!work.recreate) {
      work.ready = plan_.add(CreateVolume{key, name}, {}, "missing");
      continue;
    }
    std::vector<StepId> free;
    for (const ServiceState& state : services_) {
      for (const Replica& replica : state.replicas) {
        const bool mounts =
            replica.old && std::ranges::find(replica.old->volumes, name) != replica.old->volumes.end();
        if (mounts) free.push_back(replica.removed);
      }
    }
    const StepId gone = plan_.add(RemoveVolume{name}, std::move(free), "configuration changed");
    work.ready = plan_.add(CreateVolume{key, name}, {gone}, "configuration changed");
  }
}

}  // namespace compose::sched
