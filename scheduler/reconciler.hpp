#pragma once
// Internal to reconcile*.cpp. First decides the fate of every container (reconcile_decide.cpp) and of every
// network and volume (reconcile_resources.cpp); then writes the steps (reconcile_steps.cpp), phase by phase:
//
//  1. what has to make room first: containers on changed networks and volumes, leftovers of interrupted
//     commands
//  2. networks and volumes
//  3. new containers, those that replace others under a temporary name
//  4. stops, dependents first
//  5. removals and renames
//  6. starts, dependencies first, with the waits that depends_on asks for
//  7. the waits of --wait
//
// The phases order the writing of the steps, not their execution: a step waits only for what it needs.
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/hook_steps.hpp"
#include "scheduler/reconcile.hpp"
#include "scheduler/replica_state.hpp"
#include "scheduler/service_graph.hpp"

namespace compose::sched {

enum class Fate : std::uint8_t {
  keep,      // as it is; maybe started, or stopped and started again
  create,    // new
  recreate,  // replaced by a new one of the same name and number
  remake,    // removed first, then created: it cannot be replaced
  remove,
};

struct Replica {
  const ObservedContainer* old = nullptr;  // nullptr: new
  int number = 0;
  std::string name;  // the final one
  Fate fate = Fate::keep;
  std::string cause;  // of the fate
  // remove: before anything is created, because it may hold names, ports and addresses.
  bool goes_first = false;
  // The interrupted recreation got as far as removing the old one: only its name is wrong.
  bool misnamed = false;
  std::string restart_cause;  // keep: not empty when it has to be stopped and started again
  std::vector<const DesiredNetwork*> reconnect;  // changed networks it is on

  // Written along with the steps.
  StepId prepared = StepId::none;  // renamed
  StepId stopped = StepId::none;
  StepId removed = StepId::none;
  StepId made = StepId::none;
  StepId ready = StepId::none;  // after which it can be started
  StepId started = StepId::none;
};

struct ServiceState {
  std::string name;
  const DesiredService* service = nullptr;  // nullptr: unknown to the desired state
  bool in_scope = false;
  bool orphan = false;
  std::vector<Replica> replicas;
  std::size_t existing = 0;            // containers there are now, without leftovers
  bool disturbed = false;              // one of its containers is made anew or restarted
  std::vector<StepId> stopping;        // its stops so far; where it has none, those of its dependents
  std::optional<StepId> stops;         // all of them as one; made when first asked for
  std::optional<StepId> replacements;  // all its new containers that replace others; likewise
  std::optional<StepId> starts;        // all its starts; likewise
};

class Reconciler {
 public:
  Reconciler(const DesiredState& desired, const ObservedState& observed, const ReconcileOptions& options);
  Plan run();

 private:
  // reconcile.cpp
  void collect_services();
  void add_service(const std::string& name, const DesiredService* service, bool in_scope);
  void find_orphans();
  [[nodiscard]] bool is_orphan(const ObservedContainer& container) const;
  ServiceState& state_of(std::string_view service);

  // reconcile_decide.cpp
  void decide(ServiceState& state);
  void sort_out_leftovers(ServiceState& state, std::vector<const ObservedContainer*>& containers);
  void choose_kept(ServiceState& state, std::vector<Replica> candidates);
  void add_missing(ServiceState& state, std::vector<Replica> remade, int highest);
  void spread_restarts();
  [[nodiscard]] std::string why_remake(const ObservedContainer& container) const;
  [[nodiscard]] std::string why_recreate(const ServiceState& state, const ObservedContainer& container);
  [[nodiscard]] std::string what_differs(const DesiredService& service,
                                         const ObservedContainer& container) const;
  [[nodiscard]] bool is_named(const DesiredService& service) const;

  // reconcile_resources.cpp
  void decide_networks();
  void decide_network(const DesiredNetwork& network);
  void decide_volumes();
  void mark_network_users(const DesiredNetwork& network);
  void mark_volume_users_out_of_scope();
  void write_networks();
  void write_volumes();
  [[nodiscard]] const DesiredNetwork* network(const std::string& key) const;
  [[nodiscard]] const DesiredVolume* volume(const std::string& key) const;

  // reconcile_steps.cpp
  void write_room_making();
  void make_room(ServiceState& state, Replica& replica, const std::vector<StepId>& dependents);
  void write_creations();
  void write_creation(const ServiceState& state, Replica& replica, std::vector<StepId> after,
                      const std::vector<ContainerRef>& peers);
  [[nodiscard]] std::vector<StepId> needed_for_creation(const ServiceState& state) const;
  [[nodiscard]] std::vector<ContainerRef> peers_of(const ServiceState& state, std::vector<StepId>& after);
  void write_stops();
  void write_stops_of(ServiceState& state);
  [[nodiscard]] std::vector<StepId> dependents_stopped(const ServiceState& state);
  [[nodiscard]] StepId stops_of(ServiceState& state);
  [[nodiscard]] StepId add_stop(const ServiceState& state, const Replica& replica, std::vector<StepId> after,
                                const std::string& cause);
  [[nodiscard]] StepId replacements_of(ServiceState& state);
  void write_removals();
  void write_starts();
  void write_start(const ServiceState& state, Replica& replica, std::vector<StepId> after);
  [[nodiscard]] StepId starts_of(ServiceState& state);
  [[nodiscard]] std::vector<StepId> conditions_of(const ServiceState& state);
  [[nodiscard]] StepId wait_for(const ServiceState& state, Until until, bool required,
                                const std::string& cause);
  void write_final_waits();
  [[nodiscard]] static ContainerRef existing_ref(const Replica& replica);
  [[nodiscard]] static ContainerRef final_ref(const Replica& replica, const ServiceState& state);
  [[nodiscard]] bool needs_start(const ServiceState& state, const Replica& replica) const;

  const DesiredState& desired_;
  const ObservedState& observed_;
  const ReconcileOptions& options_;
  Plan plan_;
  ServiceGraph graph_;                  // of the whole desired state
  ServiceGraph scope_;                  // of what this plan is about
  std::vector<ServiceState> services_;  // dependencies first; then what the desired state does not know
  std::map<std::string, std::size_t, std::less<>> index_;
  // By service, without one-offs.
  std::map<std::string, std::vector<const ObservedContainer*>, std::less<>> containers_;

  struct NetworkWork {
    const DesiredNetwork* network = nullptr;
    bool recreate = false;
    std::string cause;
    StepId ready = StepId::none;
  };
  std::map<std::string, NetworkWork> network_work_;  // by key; those with something to do
  struct VolumeWork {
    const DesiredVolume* volume = nullptr;
    bool recreate = false;
    StepId ready = StepId::none;
  };
  std::map<std::string, VolumeWork> volume_work_;
  struct WaitKey {
    std::string service;
    Until until;
    bool required;
    auto operator<=>(const WaitKey&) const = default;
  };
  std::map<WaitKey, StepId> waits_;
  std::vector<StepId> room_;  // removals that whoever wants a fixed name, port or address waits for
};

}  // namespace compose::sched
