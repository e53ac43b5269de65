#include "scheduler/reconcile.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "scheduler/reconciler.hpp"

namespace compose::sched {
namespace {

ServiceGraph whole_graph(const DesiredState& desired, const ReconcileOptions& options) {
  if (!options.no_dependencies) return ServiceGraph::of(desired);
  std::vector<ServiceNode> nodes;
  for (const DesiredService& s : desired.services) {
    nodes.push_back({s.name, s.dependencies});
    for (Dependency& d : nodes.back().dependencies) d.required = false;  // what is not there is left alone
  }
  return ServiceGraph::build(std::move(nodes));
}

ServiceGraph scope_of(const ServiceGraph& graph, const ReconcileOptions& options) {
  if (options.selected.empty()) return graph;
  return options.no_dependencies ? graph.only(options.selected) : graph.restricted_to(options.selected);
}

}  // namespace

Plan reconcile(const DesiredState& desired, const ObservedState& observed, const ReconcileOptions& options) {
  return Reconciler{desired, observed, options}.run();
}

std::vector<std::string> changed_volumes(const DesiredState& desired, const ObservedState& observed) {
  std::vector<std::string> names;
  for (const DesiredVolume& wanted : desired.volumes) {
    const auto same_name = [&](const ObservedVolume& v) { return v.name == wanted.name; };
    const auto found = std::ranges::find_if(observed.volumes, same_name);
    if (found == observed.volumes.end() || wanted.external || found->key.empty()) continue;
    if (found->config_hash != wanted.config_hash) names.push_back(wanted.name);
  }
  return names;
}

std::string container_name(const DesiredState& desired, const DesiredService& service, int number) {
  if (service.container_name) return *service.container_name;
  const char separator = desired.name_separator;
  return base::text("{}{}{}{}{}", desired.project, separator, service.name, separator, number);
}

std::string temporary_name(const rt::ContainerId& replaced, const std::string& final_name) {
  return replaced.short_form() + "_" + final_name;
}

Reconciler::Reconciler(const DesiredState& desired, const ObservedState& observed,
                       const ReconcileOptions& options)
    : desired_(desired),
      observed_(observed),
      options_(options),
      graph_(whole_graph(desired, options)),
      scope_(scope_of(graph_, options)) {
  collect_services();
}

Plan Reconciler::run() {
  decide_volumes();
  for (ServiceState& state : services_) decide(state);
  decide_networks();
  mark_volume_users_out_of_scope();
  find_orphans();
  spread_restarts();

  write_room_making();
  write_networks();
  write_volumes();
  write_creations();
  write_stops();
  write_removals();
  write_starts();
  if (options_.wait && options_.start) write_final_waits();
  return std::move(plan_);
}

void Reconciler::collect_services() {
  for (const ObservedContainer& c : observed_.containers)
    if (!c.one_off) containers_[c.service].push_back(&c);
  std::map<std::string_view, const DesiredService*> by_name;
  for (const DesiredService& s : desired_.services) by_name[s.name] = &s;
  services_.reserve(desired_.services.size() + containers_.size());
  for (const std::string& name : graph_.start_order())
    add_service(name, by_name[name], scope_.contains(name));
  for (const auto& [name, containers] : containers_)
    if (!index_.contains(name)) add_service(name, nullptr, false);
}

void Reconciler::add_service(const std::string& name, const DesiredService* service, bool in_scope) {
  index_.emplace(name, services_.size());
  services_.push_back(ServiceState{.name = name, .service = service, .in_scope = in_scope});
}

ServiceState& Reconciler::state_of(std::string_view service) {
  return services_[index_.find(service)->second];
}

bool Reconciler::is_orphan(const ObservedContainer& container) const {
  if (container.one_off) return !is_active(container.status);
  const auto& known = desired_.known_services;
  return !graph_.contains(container.service) && std::ranges::find(known, container.service) == known.end();
}

void Reconciler::find_orphans() {
  std::vector<std::string> names;
  ServiceState one_offs{.name = "", .orphan = true};
  for (const ObservedContainer& c : observed_.containers) {
    if (!is_orphan(c)) continue;
    names.push_back(c.name);
    if (c.one_off) one_offs.replicas.push_back(Replica{.old = &c, .name = c.name});
  }
  if (names.empty()) return;
  if (!options_.remove_orphans) {
    std::ranges::sort(names);
    if (!options_.ignore_orphans)
      plan_.warn(base::text(
          "Found orphan containers ({}) for this project. If you removed or renamed this service in your "
          "compose file, you can run this command with the --remove-orphans flag to clean it up.",
          base::join(names, ", ")));
    return;
  }
  services_.push_back(std::move(one_offs));
  for (ServiceState& state : services_) {
    for (Replica& replica : state.replicas) {
      if (!replica.old || !is_orphan(*replica.old)) continue;
      replica.fate = Fate::remove;
      replica.cause = "orphan";
      replica.goes_first = true;
    }
  }
}

}  // namespace compose::sched
