#include "scheduler/lifecycle.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "scheduler/replica_state.hpp"

namespace compose::sched {

using base::text;

namespace {

using Containers = std::vector<const ObservedContainer*>;

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

ContainerRef ref_of(const ObservedContainer& c) {
  return {.name = c.name, .service = c.service, .number = c.number, .id = c.id};
}

enum class OneOffs : std::uint8_t { without, with };

// The containers of each service, lowest number first.
std::map<std::string, Containers> by_service(const ObservedState& observed, OneOffs one_offs) {
  std::map<std::string, Containers> services;
  for (const ObservedContainer& c : observed.containers)
    if (!c.one_off || one_offs == OneOffs::with) services[c.service].push_back(&c);
  for (auto& [service, containers] : services)
    std::ranges::sort(containers, [](const ObservedContainer* a, const ObservedContainer* b) {
      return a->number != b->number ? a->number < b->number : a->name < b->name;
    });
  return services;
}

// Names that are in the graph; one that only containers know is left out, one that nothing knows is an error.
std::vector<std::string> check_selection(const std::vector<std::string>& selected,
                                         const ServiceGraph& graph) {
  for (const std::string& service : selected)
    if (!graph.contains(service)) base::fail("no such service: {}", service);
  return selected;
}

std::vector<std::string> selection_or_all(const std::vector<std::string>& selected,
                                          const ServiceGraph& graph) {
  return selected.empty() ? graph.start_order() : check_selection(selected, graph);
}

// Stops of a set of services, dependents first.
class Stopper {
 public:
  Stopper(Plan& plan, const ServiceGraph& graph, std::optional<std::chrono::nanoseconds> grace,
          std::string cause)
      : plan_(plan), graph_(graph), grace_(grace), cause_(std::move(cause)) {}

  // The step that stops each of them; none for one that does not run.
  std::map<const ObservedContainer*, StepId> stop(const std::string& service, const Containers& containers) {
    const std::vector<StepId> dependents = dependents_stopped(service);
    std::map<const ObservedContainer*, StepId> stops;
    std::vector<StepId>& own = stopping_[service];
    for (const ObservedContainer* c : containers) {
      if (!is_active(c->status)) continue;
      std::vector<StepId> after = dependents;
      if (takes_hooks(c->status))
        after = add_hooks(plan_, ref_of(*c), "pre_stop", c->hooks.pre_stop, std::move(after));
      stops[c] = plan_.add(StopContainer{ref_of(*c), grace_}, std::move(after), cause_);
      own.push_back(stops[c]);
    }
    // A service without running containers passes on what its dependents are waiting for.
    if (own.empty()) own = dependents;
    return stops;
  }

 private:
  std::vector<StepId> dependents_stopped(const std::string& service) {
    std::vector<StepId> stops;
    if (!graph_.contains(service)) return stops;
    for (const std::string& dependent : graph_.dependents_of(service)) {
      std::vector<StepId>& all = stopping_[dependent];
      const StepId joined = plan_.join(std::move(all), text("service {} stopped", dependent));
      all.clear();
      if (joined == StepId::none) continue;
      all.push_back(joined);
      stops.push_back(joined);
    }
    return stops;
  }

  Plan& plan_;
  const ServiceGraph& graph_;
  std::optional<std::chrono::nanoseconds> grace_;
  std::string cause_;
  std::map<std::string, std::vector<StepId>> stopping_;
};

// What `down` takes away: the containers of which services, in which order.
std::vector<std::string> down_order(const std::map<std::string, Containers>& services,
                                    const ServiceGraph& graph, const DownOptions& options) {
  if (!options.services.empty())
    return graph.with_dependents(check_selection(options.services, graph)).stop_order();
  std::vector<std::string> order;
  for (const auto& [service, containers] : services) {
    if (graph.contains(service)) continue;
    const bool everything = options.known_services.empty();
    const bool orphan = !contains(options.known_services, service);  // a disabled service is none, and stays
    if (everything || (orphan && options.remove_orphans)) order.push_back(service);
  }
  const std::vector<std::string> known = graph.stop_order();
  order.insert(order.end(), known.begin(), known.end());
  return order;
}

class DownPlanner {
 public:
  DownPlanner(const ObservedState& observed, const ServiceGraph& graph, const DownOptions& options)
      : observed_(observed), graph_(graph), options_(options) {}

  Plan plan() {
    remove_containers();
    for (const ObservedNetwork& n : observed_.networks) {
      const auto uses = [&](const ObservedContainer& c) { return contains(c.networks, n.name); };
      if (is_ours(n.name, n.key) && unused_by_others(uses))
        plan_.add(RemoveNetwork{n.name}, removals(uses), "down");
    }
    for (const ObservedVolume& v : observed_.volumes) {
      const auto uses = [&](const ObservedContainer& c) { return contains(c.volumes, v.name); };
      if (options_.remove_volumes && is_ours(v.name, v.key) && unused_by_others(uses))
        plan_.add(RemoveVolume{v.name}, removals(uses), "down");
    }
    return std::move(plan_);
  }

 private:
  void remove_containers() {
    const auto services = by_service(observed_, OneOffs::with);
    Stopper stopper{plan_, graph_, options_.grace, "down"};
    std::vector<std::pair<const ObservedContainer*, StepId>> removed;
    for (const std::string& service : down_order(services, graph_, options_)) {
      const auto found = services.find(service);
      const Containers none;
      const Containers& containers = found == services.end() ? none : found->second;
      auto stops = stopper.stop(service, containers);
      for (const ObservedContainer* c : containers) removed.emplace_back(c, stops[c]);
    }
    for (const auto& [c, stopped] : removed)
      removed_[c] = plan_.add(RemoveContainer{ref_of(*c), options_.remove_volumes}, {stopped}, "down");
  }

  [[nodiscard]] bool is_ours(const std::string& name, const std::string& key) const {
    return !key.empty() && !contains(options_.external, name);
  }

  // With services named, what somebody else of the project still uses, and what none of them used, stays.
  template <class Uses>
  [[nodiscard]] bool unused_by_others(const Uses& uses) const {
    if (options_.services.empty()) return true;
    const auto stays = [&](const ObservedContainer& c) { return uses(c) && !removed_.contains(&c); };
    return std::ranges::none_of(observed_.containers, stays) &&
           std::ranges::any_of(observed_.containers, uses);
  }

  template <class Uses>
  [[nodiscard]] std::vector<StepId> removals(const Uses& uses) const {
    std::vector<StepId> steps;
    for (const auto& [container, step] : removed_)
      if (uses(*container)) steps.push_back(step);
    return steps;
  }

  const ObservedState& observed_;
  const ServiceGraph& graph_;
  const DownOptions& options_;
  Plan plan_;
  std::map<const ObservedContainer*, StepId> removed_;
};

// ---- start ----

class StartPlanner {
 public:
  StartPlanner(const ObservedState& observed, const ServiceGraph& graph, const StartOptions& options)
      : services_(by_service(observed, OneOffs::without)),
        scope_(options.services.empty() ? graph
                                        : graph.restricted_to(check_selection(options.services, graph))),
        options_(options) {}

  Plan plan() {
    for (const std::string& service : scope_.start_order()) start(service);
    if (!options_.wait) return std::move(plan_);
    for (const std::string& service : scope_.start_order()) {
      if (waits_.contains({service, {Until::healthy, true}})) continue;
      const bool one_shot =
          std::ranges::any_of(scope_.dependents_of(service), [&](const std::string& dependent) {
            return scope_.edge(dependent, service)->condition == Condition::completed_successfully;
          });
      (void)wait_for(service, one_shot ? Until::completed_successfully : Until::ready, true, "asked to wait");
    }
    return std::move(plan_);
  }

 private:
  void start(const std::string& service) {
    const Containers& containers = services_[service];
    if (containers.empty() && !contains(options_.may_be_empty, service))
      base::fail("service \"{}\" has no container to start", service);
    std::vector<StepId> conditions;
    for (const ObservedContainer* c : containers) {
      if (is_active(c->status) && !is_leaving(c->status)) {
        plan_.keep(ref_of(*c));
        continue;
      }
      if (conditions.empty()) conditions = conditions_of(service);
      const StepId stopped =
          is_leaving(c->status) ? plan_.add(StopContainer{ref_of(*c)}, {}, "stopping") : StepId::none;
      std::vector<StepId> after = conditions;
      after.push_back(stopped);
      const StepId started = plan_.add(StartContainer{ref_of(*c)}, std::move(after), "not running");
      starts_[service].push_back(
          add_hooks(plan_, ref_of(*c), "post_start", c->hooks.post_start, {started}).front());
    }
  }

  std::vector<StepId> conditions_of(const std::string& service) {
    std::vector<StepId> after;
    const std::string cause = text("needed by {}", service);
    for (const Dependency& d : scope_.dependencies_of(service)) {
      if (services_[d.service].empty()) continue;
      if (d.condition == Condition::healthy)
        after.push_back(wait_for(d.service, Until::healthy, d.required, cause));
      else if (d.condition == Condition::completed_successfully)
        after.push_back(wait_for(d.service, Until::completed_successfully, d.required, cause));
      else if (d.required)
        after.push_back(starts_of(d.service));
      else
        after.push_back(wait_for(d.service, Until::started, false, cause));
    }
    return after;
  }

  StepId starts_of(const std::string& service) {
    std::vector<StepId>& all = starts_[service];
    const StepId joined = plan_.join(std::move(all), text("service {} started", service));
    all = {joined};
    return joined;
  }

  StepId wait_for(const std::string& service, Until until, bool required, const std::string& cause) {
    const auto [wait, is_new] = waits_.try_emplace({service, {until, required}}, StepId::none);
    if (!is_new || services_[service].empty()) return wait->second;
    AwaitCondition operation{.service = service, .until = until, .required = required};
    for (const ObservedContainer* c : services_[service]) operation.containers.push_back(ref_of(*c));
    wait->second = plan_.add(std::move(operation), starts_[service], cause);
    return wait->second;
  }

  std::map<std::string, Containers> services_;
  ServiceGraph scope_;
  const StartOptions& options_;
  Plan plan_;
  std::map<std::string, std::vector<StepId>> starts_;
  std::map<std::pair<std::string, std::pair<Until, bool>>, StepId> waits_;
};

// The selected services and, going up, those that asked to be restarted with them.
std::vector<std::string> with_restarted_dependents(std::vector<std::string> services,
                                                   const ServiceGraph& graph) {
  for (std::size_t i = 0; i < services.size(); ++i) {
    for (const std::string& dependent : graph.dependents_of(services[i])) {
      const Dependency* edge = graph.edge(dependent, services[i]);
      if ((edge->restart || edge->shares_namespace) && !contains(services, dependent))
        services.push_back(dependent);
    }
  }
  return services;
}

}  // namespace

Plan plan_down(const ObservedState& observed, const ServiceGraph& graph, const DownOptions& options) {
  return DownPlanner{observed, graph, options}.plan();
}

Plan plan_stop(const ObservedState& observed, const ServiceGraph& graph, const ServicesOptions& options) {
  Plan plan;
  auto services = by_service(observed, OneOffs::without);
  const ServiceGraph scope = graph.only(selection_or_all(options.services, graph));
  Stopper stopper{plan, scope, options.grace, "stop"};
  for (const std::string& service : scope.stop_order()) (void)stopper.stop(service, services[service]);
  return plan;
}

Plan plan_start(const ObservedState& observed, const ServiceGraph& graph, const StartOptions& options) {
  return StartPlanner{observed, graph, options}.plan();
}

Plan plan_restart(const ObservedState& observed, const ServiceGraph& graph, const RestartOptions& options) {
  Plan plan;
  auto services = by_service(observed, OneOffs::without);
  const std::vector<std::string> named = selection_or_all(options.services, graph);
  const ServiceGraph scope =
      graph.only(options.no_dependencies ? named : with_restarted_dependents(named, graph));
  std::map<std::string, std::vector<StepId>> restarted;
  for (const std::string& service : scope.start_order()) {
    std::vector<StepId> after;
    for (const Dependency& d : scope.dependencies_of(service)) {
      std::vector<StepId>& all = restarted[d.service];
      const StepId joined = plan.join(std::move(all), text("service {} restarted", d.service));
      all = {joined};
      after.push_back(joined);
    }
    const bool is_named = contains(named, service);
    for (const ObservedContainer* c : services[service]) {
      if (!is_named && !is_active(c->status)) continue;
      const char* cause = is_named ? "restart" : "depends on a restarted service";
      std::vector<StepId> ready = after;
      if (takes_hooks(c->status))
        ready = add_hooks(plan, ref_of(*c), "pre_stop", c->hooks.pre_stop, std::move(ready));
      const StepId id = plan.add(RestartContainer{ref_of(*c), options.grace}, std::move(ready), cause);
      restarted[service].push_back(
          add_hooks(plan, ref_of(*c), "post_start", c->hooks.post_start, {id}).front());
    }
    if (restarted[service].empty()) restarted[service] = after;
  }
  return plan;
}

Plan plan_kill(const ObservedState& observed, const ServiceGraph& graph, const KillOptions& options) {
  Plan plan;
  check_selection(options.services, graph);
  for (const auto& [service, containers] : by_service(observed, OneOffs::without)) {
    const bool known = graph.contains(service) || options.remove_orphans;
    if (options.services.empty() ? !known : !contains(options.services, service)) continue;
    for (const ObservedContainer* c : containers)
      if (is_active(c->status)) plan.add(KillContainer{ref_of(*c), options.signal}, {}, "kill");
  }
  return plan;
}

Plan plan_remove(const ObservedState& observed, const ServiceGraph& graph, const RemoveOptions& options) {
  Plan plan;
  auto services = by_service(observed, OneOffs::without);
  const ServiceGraph scope = graph.only(selection_or_all(options.services, graph));
  Stopper stopper{plan, scope, std::nullopt, "rm"};
  for (const std::string& service : scope.stop_order()) {
    Containers& containers = services[service];
    if (!options.stop_first)
      std::erase_if(containers, [](const ObservedContainer* c) { return is_active(c->status); });
    auto stops = stopper.stop(service, containers);
    for (const ObservedContainer* c : containers)
      plan.add(RemoveContainer{ref_of(*c), options.remove_anonymous_volumes}, {stops[c]}, "rm");
  }
  return plan;
}

Plan plan_pause(const ObservedState& observed, const ServiceGraph& graph, const ServicesOptions& options) {
  Plan plan;
  auto services = by_service(observed, OneOffs::without);
  for (const std::string& service : selection_or_all(options.services, graph)) {
    for (const ObservedContainer* c : services[service])
      if (is_active(c->status)) plan.add(PauseContainer{ref_of(*c)}, {}, "pause");
  }
  return plan;
}

Plan plan_unpause(const ObservedState& observed, const ServiceGraph& graph, const ServicesOptions& options) {
  Plan plan;
  auto services = by_service(observed, OneOffs::without);
  for (const std::string& service : selection_or_all(options.services, graph)) {
    for (const ObservedContainer* c : services[service]) {
      if (c->status.state == rt::ContainerState::paused)
        plan.add(UnpauseContainer{ref_of(*c)}, {}, "unpause");
    }
  }
  return plan;
}

}  // namespace compose::sched
