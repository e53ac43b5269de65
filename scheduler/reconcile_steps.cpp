// Writes the steps, phase by phase (see reconciler.hpp).
#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "scheduler/reconciler.hpp"

namespace compose::sched {

using base::text;

namespace {

bool is_made_anew(const Replica& replica) {
  return replica.fate == Fate::create || replica.fate == Fate::recreate || replica.fate == Fate::remake;
}

// A fixed name, host port or address may still be held by a container that is to go.
bool wants_something_fixed(const DesiredService& service) {
  return service.container_name || !service.ports.empty() ||
         std::ranges::any_of(service.attachments, [](const net::AttachmentSpec& a) {
           return !a.ipv4_address.empty() || !a.ipv6_address.empty();
         });
}

}  // namespace

ContainerRef Reconciler::existing_ref(const Replica& replica) {
  return {
      .name = replica.name, .service = replica.old->service, .number = replica.number, .id = replica.old->id};
}

ContainerRef Reconciler::final_ref(const Replica& replica, const ServiceState& state) {
  if (replica.made == StepId::none) return existing_ref(replica);
  return {.name = replica.name, .service = state.name, .number = replica.number, .made_by = replica.made};
}

bool Reconciler::needs_start(const ServiceState& state, const Replica& replica) const {
  if (replica.fate == Fate::remove) return false;
  const bool was_active = replica.old && is_active(replica.old->status);
  if (replica.fate == Fate::keep && !replica.reconnect.empty() && was_active) return true;
  if (!options_.start) return false;
  if (replica.fate == Fate::keep && !replica.restart_cause.empty()) return true;
  if (!state.in_scope) return is_made_anew(replica) && was_active;
  return is_made_anew(replica) || !was_active;
}

// ---- stopping ----

StepId Reconciler::stops_of(ServiceState& state) {
  if (!state.stops) state.stops = plan_.join(state.stopping, text("service {} stopped", state.name));
  return *state.stops;
}

std::vector<StepId> Reconciler::dependents_stopped(const ServiceState& state) {
  std::vector<StepId> stops;
  if (!state.service) return stops;
  for (const std::string& dependent : graph_.dependents_of(state.name))
    stops.push_back(stops_of(state_of(dependent)));
  std::erase(stops, StepId::none);
  return stops;
}

void Reconciler::write_room_making() {
  for (auto state = services_.rbegin(); state != services_.rend(); ++state) {
    const bool makes_room = std::ranges::any_of(state->replicas, [](const Replica& r) {
      return r.goes_first || r.misnamed || r.fate == Fate::remake || !r.reconnect.empty();
    });
    if (!makes_room) continue;
    const std::vector<StepId> dependents = dependents_stopped(*state);
    for (Replica& replica : state->replicas) {
      make_room(*state, replica, dependents);
      if (replica.stopped != StepId::none) state->stopping.push_back(replica.stopped);
    }
  }
  // Who stops later has to be waited for as well.
  for (ServiceState& state : services_) state.stops.reset();
}

void Reconciler::make_room(ServiceState& state, Replica& replica, const std::vector<StepId>& dependents) {
  if (!replica.old) return;
  const ContainerRef ref = existing_ref(replica);
  if (replica.misnamed)
    replica.prepared =
        plan_.add(RenameContainer{ref, replica.old->name, replica.name}, {}, "recreation was interrupted");
  const bool removed = replica.goes_first || replica.fate == Fate::remake;
  if (!removed && replica.reconnect.empty()) return;
  const std::string cause =
      removed ? replica.cause : text("network {} changed", replica.reconnect.front()->spec.name);
  if (is_active(replica.old->status)) {
    std::vector<StepId> after = dependents;
    after.push_back(replica.prepared);
    replica.stopped = add_stop(state, replica, std::move(after), cause);
  }
  if (!removed) return;
  replica.removed = plan_.add(RemoveContainer{ref}, {replica.stopped, replica.prepared}, cause);
  if (replica.fate == Fate::remove && !state.in_scope) room_.push_back(replica.removed);
}

void Reconciler::write_stops() {
  for (auto state = services_.rbegin(); state != services_.rend(); ++state) write_stops_of(*state);
}

void Reconciler::write_stops_of(ServiceState& state) {
  const auto stops_now = [](const Replica& r) {
    const bool leaves = r.fate == Fate::remove || r.fate == Fate::recreate || !r.restart_cause.empty();
    return leaves && r.old && is_active(r.old->status) && r.stopped == StepId::none;
  };
  const std::vector<StepId> dependents = dependents_stopped(state);
  if (std::ranges::none_of(state.replicas, stops_now)) {
    if (state.stopping.empty()) state.stopping = dependents;
    return;
  }
  std::vector<StepId> replaced_parents;
  if (state.service) {
    for (const Dependency& d : graph_.dependencies_of(state.name))
      if (d.restart || d.shares_namespace) replaced_parents.push_back(replacements_of(state_of(d.service)));
  }
  for (Replica& replica : state.replicas) {
    if (!stops_now(replica)) continue;
    const bool restarted = replica.fate == Fate::keep;
    std::vector<StepId> after = dependents;
    after.insert(after.end(), {replica.prepared, replica.made});
    if (restarted) after.insert(after.end(), replaced_parents.begin(), replaced_parents.end());
    const bool replaced = replica.fate == Fate::recreate;
    const std::string cause = restarted ? replica.restart_cause : replaced ? "replaced" : replica.cause;
    replica.stopped = add_stop(state, replica, std::move(after), cause);
    state.stopping.push_back(replica.stopped);
  }
}

// Hooks run in containers that run; a paused one cannot execute anything.
StepId Reconciler::add_stop(const ServiceState& state, const Replica& replica, std::vector<StepId> after,
                            const std::string& cause) {
  const ContainerRef ref = existing_ref(replica);
  if (state.service && takes_hooks(replica.old->status))
    after = add_hooks(plan_, ref, "pre_stop", state.service->pre_stop, std::move(after));
  const bool replaced = replica.fate == Fate::recreate;
  return plan_.add(StopContainer{ref, options_.stop_grace, replaced}, std::move(after), cause, replica.made);
}

StepId Reconciler::replacements_of(ServiceState& state) {
  if (!state.replacements) {
    std::vector<StepId> made;
    for (const Replica& replica : state.replicas)
      if (replica.fate == Fate::recreate) made.push_back(replica.made);
    state.replacements = plan_.join(std::move(made), text("service {} created", state.name));
  }
  return *state.replacements;
}

// ---- making and removing ----

std::vector<StepId> Reconciler::needed_for_creation(const ServiceState& state) const {
  std::vector<StepId> after;
  for (const net::AttachmentSpec& a : state.service->attachments) {
    const auto work = network_work_.find(a.network);
    if (work != network_work_.end()) after.push_back(work->second.ready);
  }
  for (const VolumeUse& use : state.service->volumes) {
    const auto work = volume_work_.find(use.volume);
    if (work != volume_work_.end()) after.push_back(work->second.ready);
  }
  for (const Replica& replica : state.replicas)
    if (replica.goes_first) after.push_back(replica.removed);
  if (wants_something_fixed(*state.service)) after.insert(after.end(), room_.begin(), room_.end());
  return after;
}

std::vector<ContainerRef> Reconciler::peers_of(const ServiceState& state, std::vector<StepId>& after) {
  std::vector<ContainerRef> peers;
  for (const Dependency& d : state.service->dependencies) {
    if (!d.shares_namespace) continue;
    const auto parent = index_.find(d.service);
    const Replica* first = nullptr;
    if (parent != index_.end()) {
      for (const Replica& r : services_[parent->second].replicas)
        if (!first && r.fate != Fate::remove) first = &r;
    }
    if (!first) {
      const auto& sources = state.service->volumes_from;
      const bool volumes = std::ranges::find(sources, d.service, &VolumesFrom::service) != sources.end();
      base::fail("cannot share {} with service {}: container missing",
                 volumes ? "volume" : "network namespace", d.service);
    }
    after.push_back(first->made);
    peers.push_back(final_ref(*first, services_[parent->second]));
  }
  return peers;
}

void Reconciler::write_creations() {
  for (ServiceState& state : services_) {
    if (!state.service || std::ranges::none_of(state.replicas, is_made_anew)) continue;
    std::vector<StepId> after = needed_for_creation(state);
    const std::vector<ContainerRef> peers = peers_of(state, after);
    for (Replica& replica : state.replicas)
      if (is_made_anew(replica)) write_creation(state, replica, after, peers);
  }
}

void Reconciler::write_creation(const ServiceState& state, Replica& replica, std::vector<StepId> after,
                                const std::vector<ContainerRef>& peers) {
  replica.made = plan_.next_id();
  after.push_back(replica.removed);
  after.push_back(replica.prepared);
  CreateContainer create{.container = final_ref(replica, state), .created_as = replica.name, .peers = peers};
  if (replica.fate == Fate::recreate) {
    create.created_as = temporary_name(replica.old->id, replica.name);
    create.replaces = replica.old->id;
    create.renew_anonymous_volumes = options_.renew_anonymous_volumes;
  }
  plan_.add(std::move(create), std::move(after), replica.cause);
  replica.ready = replica.made;
}

void Reconciler::write_removals() {
  for (ServiceState& state : services_) {
    for (Replica& replica : state.replicas) {
      if (replica.fate == Fate::remove && replica.removed == StepId::none) {
        replica.removed = plan_.add(RemoveContainer{existing_ref(replica)},
                                    {replica.stopped, replica.prepared}, replica.cause);
      }
      if (replica.fate != Fate::recreate) continue;
      RemoveContainer remove{.container = existing_ref(replica),
                             .with_anonymous_volumes = options_.renew_anonymous_volumes,
                             .replaced = true};
      replica.removed =
          plan_.add(std::move(remove), {replica.stopped, replica.made}, "replaced", replica.made);
      const std::string from = temporary_name(replica.old->id, replica.name);
      replica.ready = plan_.add(RenameContainer{final_ref(replica, state), from, replica.name, true},
                                {replica.removed}, "replaced " + replica.old->id.short_form());
    }
  }
}

// ---- starting ----

StepId Reconciler::starts_of(ServiceState& state) {
  if (!state.starts) {
    std::vector<StepId> started;
    for (const Replica& replica : state.replicas) started.push_back(replica.started);
    state.starts = plan_.join(std::move(started), text("service {} started", state.name));
  }
  return *state.starts;
}

void Reconciler::write_starts() {
  for (ServiceState& state : services_) {
    if (!state.service) {
      for (Replica& replica : state.replicas)
        if (needs_start(state, replica)) write_start(state, replica, {});
      continue;
    }
    const auto to_start = [&](const Replica& replica) { return needs_start(state, replica); };
    if (std::ranges::none_of(state.replicas, to_start)) continue;
    const std::vector<StepId> conditions = conditions_of(state);
    for (Replica& replica : state.replicas)
      if (to_start(replica)) write_start(state, replica, conditions);
  }
  for (ServiceState& state : services_) {
    for (Replica& replica : state.replicas) {
      const bool paused = replica.old && replica.old->status.state == rt::ContainerState::paused;
      const bool untouched = state.in_scope && replica.fate == Fate::keep && replica.started == StepId::none;
      if (!untouched || !is_active(replica.old->status)) continue;
      if (paused && options_.start)
        plan_.add(UnpauseContainer{existing_ref(replica)}, {replica.prepared}, "paused");
      else
        plan_.keep(existing_ref(replica));
    }
  }
}

void Reconciler::write_start(const ServiceState& state, Replica& replica, std::vector<StepId> after) {
  after.insert(after.end(), {replica.prepared, replica.stopped, replica.ready});
  const StepId by = replica.made != StepId::none ? replica.made : replica.stopped;
  const char* cause = by == StepId::none ? "not running" : by == replica.made ? "created" : "stopped";
  const ContainerRef ref = final_ref(replica, state);
  replica.started = plan_.add(StartContainer{ref}, std::move(after), cause, by);
  if (state.service)
    replica.started =
        add_hooks(plan_, ref, "post_start", state.service->post_start, {replica.started}).front();
}

// What has to be so before a container of this service may start.
std::vector<StepId> Reconciler::conditions_of(const ServiceState& state) {
  std::vector<StepId> after;
  const auto dependencies =
      state.in_scope ? scope_.dependencies_of(state.name) : graph_.dependencies_of(state.name);
  for (const Dependency& d : dependencies) {
    ServiceState& parent = state_of(d.service);
    if (parent.service->replicas == 0) continue;
    const std::string cause = text("needed by {}", state.name);
    const StepId started = starts_of(parent);
    if (!state.in_scope || (d.condition == Condition::started && d.required))
      after.push_back(started);
    else if (d.condition == Condition::healthy)
      after.push_back(wait_for(parent, Until::healthy, d.required, cause));
    else if (d.condition == Condition::completed_successfully)
      after.push_back(wait_for(parent, Until::completed_successfully, d.required, cause));
    else if (started != StepId::none)
      after.push_back(wait_for(parent, Until::started, d.required, cause));
  }
  return after;
}

StepId Reconciler::wait_for(const ServiceState& state, Until until, bool required, const std::string& cause) {
  const auto [wait, is_new] = waits_.try_emplace(WaitKey{state.name, until, required}, StepId::none);
  if (!is_new) return wait->second;
  AwaitCondition operation{.service = state.name, .until = until, .required = required};
  std::vector<StepId> after;
  for (const Replica& replica : state.replicas) {
    if (replica.fate == Fate::remove) continue;
    operation.containers.push_back(final_ref(replica, state));
    after.push_back(replica.started);
  }
  wait->second = plan_.add(std::move(operation), std::move(after), cause);
  return wait->second;
}

void Reconciler::write_final_waits() {
  for (const std::string& name : scope_.start_order()) {
    const ServiceState& state = state_of(name);
    if (state.service->replicas == 0 || waits_.contains(WaitKey{name, Until::healthy, true})) continue;
    const bool one_shot = std::ranges::any_of(scope_.dependents_of(name), [&](const std::string& dependent) {
      return scope_.edge(dependent, name)->condition == Condition::completed_successfully;
    });
    (void)wait_for(state, one_shot ? Until::completed_successfully : Until::ready, true, "asked to wait");
  }
}

}  // namespace compose::sched
