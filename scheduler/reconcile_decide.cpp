// The fate of every container: which stay, which are made anew and why, which numbers are filled or given up.
#include <algorithm>

#include "base/text.hpp"
#include "scheduler/config_difference.hpp"
#include "scheduler/reconciler.hpp"

namespace compose::sched {

using base::text;

namespace {

// Whether `name` is "<12 hex digits>_<final>": what a new container is called until the old one is gone.
bool is_temporary_name_of(std::string_view name, std::string_view final_name) {
  constexpr std::size_t k_id_digits = 12;
  return name.size() == k_id_digits + 1 + final_name.size() && name[k_id_digits] == '_' &&
         name.ends_with(final_name) &&
         name.substr(0, k_id_digits).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The final name hidden in the temporary name of a container, in either separator; "" when it is not
// temporary.
std::string final_name_of(const DesiredState& desired, const DesiredService& service,
                          const ObservedContainer& c) {
  if (service.container_name)
    return is_temporary_name_of(c.name, *service.container_name) ? *service.container_name : std::string{};
  for (const char separator : {'-', '_'}) {
    std::string name = text("{}{}{}{}{}", desired.project, separator, service.name, separator, c.number);
    if (is_temporary_name_of(c.name, name)) return name;
  }
  return {};
}

bool by_number(const ObservedContainer* a, const ObservedContainer* b) {
  return a->number != b->number ? a->number < b->number : a->name < b->name;
}

}  // namespace

bool Reconciler::is_named(const DesiredService& service) const {
  const auto& selected = options_.selected;
  return selected.empty() || std::ranges::find(selected, service.name) != selected.end();
}

void Reconciler::decide(ServiceState& state) {
  const auto found = containers_.find(state.name);
  std::vector<const ObservedContainer*> containers;
  if (found != containers_.end()) containers = found->second;
  std::ranges::sort(containers, by_number);
  state.existing = containers.size();
  if (!state.service || !state.in_scope) {
    for (const ObservedContainer* c : containers)
      state.replicas.push_back(Replica{.old = c, .number = c->number, .name = c->name});
    return;
  }
  sort_out_leftovers(state, containers);
  int highest = 0;
  std::vector<Replica> candidates;
  std::vector<Replica> remade;
  for (const ObservedContainer* c : containers) {
    highest = std::max(highest, c->number);
    Replica replica{.old = c, .number = c->number, .name = c->name};
    if (std::string name = final_name_of(desired_, *state.service, *c); !name.empty()) {
      replica.name = std::move(name);
      replica.misnamed = true;
    }
    if (replica.cause = why_remake(*c); replica.cause.empty()) {
      replica.cause = why_recreate(state, *c);
      candidates.push_back(std::move(replica));
    } else {
      replica.name = container_name(desired_, *state.service, c->number);
      replica.misnamed = false;
      remade.push_back(std::move(replica));
    }
  }
  choose_kept(state, std::move(candidates));
  add_missing(state, std::move(remade), highest);
}

// A creation that was to replace a container which is still there: removed, and begun again where it is still
// needed.
void Reconciler::sort_out_leftovers(ServiceState& state, std::vector<const ObservedContainer*>& containers) {
  std::erase_if(containers, [&](const ObservedContainer* c) {
    const std::string name = final_name_of(desired_, *state.service, *c);
    if (name.empty()) return false;
    const bool other = std::ranges::any_of(
        containers, [&](const ObservedContainer* o) { return o && o != c && o->number == c->number; });
    if (!other) return false;
    state.replicas.push_back(Replica{.old = c,
                                     .number = c->number,
                                     .name = c->name,
                                     .fate = Fate::remove,
                                     .cause = "left over from an interrupted recreation",
                                     .goes_first = true});
    return true;
  });
  state.existing = containers.size();
}

// Scaling down gives up obsolete containers first, then the highest numbers.
void Reconciler::choose_kept(ServiceState& state, std::vector<Replica> candidates) {
  std::ranges::stable_sort(candidates, [](const Replica& a, const Replica& b) {
    return a.cause.empty() != b.cause.empty() ? a.cause.empty() : a.number < b.number;
  });
  const std::size_t wanted = state.service->replicas;
  for (std::size_t i = wanted; i < candidates.size(); ++i) {
    candidates[i].fate = Fate::remove;
    candidates[i].cause = text("scaled from {} to {}", state.existing, wanted);
  }
  for (Replica& replica : candidates) {
    if (replica.fate == Fate::keep && !replica.cause.empty()) replica.fate = Fate::recreate;
    if (replica.fate == Fate::recreate) state.disturbed = true;
    if (replica.fate == Fate::keep && is_active(replica.old->status) && options_.start) {
      if (replica.old->broken)
        replica.restart_cause = "repair";
      else if (is_leaving(replica.old->status))
        replica.restart_cause = "stopping";
    }
    state.replicas.push_back(std::move(replica));
  }
}

// Removed containers that are made again keep their number; new ones go on after the highest.
void Reconciler::add_missing(ServiceState& state, std::vector<Replica> remade, int highest) {
  const auto lives = [](const Replica& r) { return r.fate != Fate::remove; };
  std::size_t have = static_cast<std::size_t>(std::ranges::count_if(state.replicas, lives));
  const std::size_t wanted = state.service->replicas;
  for (Replica& replica : remade) {
    replica.fate = have < wanted ? Fate::remake : Fate::remove;
    if (replica.fate == Fate::remake) {
      state.disturbed = true;
      ++have;
    }
    state.replicas.push_back(std::move(replica));
  }
  const std::string cause =
      state.existing == 0 ? std::string{"missing"} : text("scaled from {} to {}", state.existing, wanted);
  for (; have < wanted; ++have) {
    ++highest;
    state.replicas.push_back(Replica{.number = highest,
                                     .name = container_name(desired_, *state.service, highest),
                                     .fate = Fate::create,
                                     .cause = cause});
  }
  std::ranges::stable_sort(state.replicas, {}, &Replica::number);
}

// Empty: it can be kept or replaced.
std::string Reconciler::why_remake(const ObservedContainer& container) const {
  if (!container.complete) return "creation was interrupted";
  for (const auto& [key, work] : volume_work_) {
    const auto& volumes = container.volumes;
    if (work.recreate && std::ranges::find(volumes, work.volume->name) != volumes.end())
      return text("volume {} is recreated", work.volume->name);
  }
  return {};
}

// Empty: it can stay.
std::string Reconciler::why_recreate(const ServiceState& state, const ObservedContainer& container) {
  const DesiredService& service = *state.service;
  const Recreate policy = is_named(service) ? options_.recreate : options_.recreate_dependencies;
  if (policy == Recreate::never) return {};
  if (policy == Recreate::always) return "forced";
  for (const Dependency& d : graph_.dependencies_of(service.name))
    if (d.shares_namespace && state_of(d.service).disturbed)
      return text("shares with service {}, which is recreated", d.service);
  return what_differs(service, container);
}

std::string Reconciler::what_differs(const DesiredService& service, const ObservedContainer& c) const {
  const auto is_there = [&](const rt::ContainerId& id) {
    return std::ranges::any_of(observed_.containers,
                               [&](const ObservedContainer& other) { return other.id == id; });
  };
  if (!std::ranges::all_of(c.joins, is_there)) return "shares with a container that is gone";
  std::vector<std::string> reasons;
  if (!service.image_id.empty() && c.image_id != service.image_id) reasons.emplace_back("image changed");
  if (c.config_hash != service.config_hash) reasons.push_back(config_difference(c.config, service.config));
  if (is_active(c.status)) {
    for (const net::AttachmentSpec& a : service.attachments) {
      const DesiredNetwork* wanted = network(a.network);
      if (wanted && std::ranges::find(c.networks, wanted->spec.name) == c.networks.end())
        reasons.push_back(text("not attached to network {}", wanted->spec.name));
    }
  }
  for (const VolumeUse& use : service.volumes) {
    const DesiredVolume* wanted = use.volume.empty() ? nullptr : volume(use.volume);
    if (wanted && std::ranges::find(c.volumes, wanted->name) == c.volumes.end())
      reasons.push_back(text("volume {} not mounted", wanted->name));
  }
  return base::join(reasons, ", ");
}

// Services that asked to be restarted with a dependency (`restart: true`, shared namespaces) and run: their
// containers are stopped before the dependency is replaced and started after it. Dependencies come first, so
// one pass reaches everyone.
void Reconciler::spread_restarts() {
  if (!options_.start) return;
  for (ServiceState& state : services_) {
    if (!state.service) continue;
    const auto starts_again = [](const Replica& r) {
      return r.fate == Fate::recreate || r.fate == Fate::remake || !r.restart_cause.empty() ||
             !r.reconnect.empty();
    };
    state.disturbed = state.disturbed || std::ranges::any_of(state.replicas, starts_again);
    for (const Dependency& d : graph_.dependencies_of(state.name)) {
      const ServiceState& parent = state_of(d.service);
      const bool new_namespace =
          d.shares_namespace && std::ranges::any_of(parent.replicas, [&](const Replica& r) {
            return r.fate == Fate::keep && needs_start(parent, r);
          });
      if (!(d.restart && parent.disturbed) && !new_namespace) continue;
      for (Replica& r : state.replicas) {
        if (r.fate != Fate::keep || !r.old || !is_active(r.old->status) || !r.restart_cause.empty()) continue;
        r.restart_cause = text("depends on service {}", d.service);
        state.disturbed = true;
      }
    }
  }
}

}  // namespace compose::sched
