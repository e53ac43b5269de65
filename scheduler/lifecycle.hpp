#pragma once
// Plans for the verbs that work on what is there: down, stop, start, restart, kill, rm, pause, unpause. Pure,
// like reconcile(). They need no compose file: the graph comes from the desired state where there is one,
// else from labels (ServiceGraph::of). One-off containers are touched by down and rm alone.
//
// Errors: `no such service: x` for a name that neither the graph nor a container knows.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/hook_steps.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/service_graph.hpp"

namespace compose::sched {

struct DownOptions {
  std::vector<std::string> services;  // empty: the whole project; else these and what depends on them
  bool remove_volumes = false;        // -v: declared and anonymous ones
  bool remove_orphans = false;
  std::vector<std::string> known_services;  // of the file; empty: no file, every container belongs
  std::vector<std::string> external;        // names of networks and volumes that are never removed
  std::optional<std::chrono::nanoseconds> grace;
};
// Dependents first, all containers of a service at once; then networks and volumes: all of the project, or
// with services named those that nothing else of the project uses.
[[nodiscard]] Plan plan_down(const ObservedState& observed, const ServiceGraph& graph,
                             const DownOptions& options);

struct ServicesOptions {
  std::vector<std::string> services;  // empty: all
  std::optional<std::chrono::nanoseconds> grace;
};
[[nodiscard]] Plan plan_stop(const ObservedState& observed, const ServiceGraph& graph,
                             const ServicesOptions& options);

struct StartOptions {
  std::vector<std::string> services;      // empty: all; else these and what they depend on
  std::vector<std::string> may_be_empty;  // services scaled to 0
  bool wait = false;
};
// Error: `service "web" has no container to start`.
[[nodiscard]] Plan plan_start(const ObservedState& observed, const ServiceGraph& graph,
                              const StartOptions& options);

struct RestartOptions {
  std::vector<std::string> services;
  bool no_dependencies = false;  // leave dependents with `restart: true` alone
  std::optional<std::chrono::nanoseconds> grace;
};
[[nodiscard]] Plan plan_restart(const ObservedState& observed, const ServiceGraph& graph,
                                const RestartOptions& options);

struct KillOptions {
  std::vector<std::string> services;
  int signal = 9;
  bool remove_orphans = false;  // also containers of services that the graph does not know
};
[[nodiscard]] Plan plan_kill(const ObservedState& observed, const ServiceGraph& graph,
                             const KillOptions& options);

struct RemoveOptions {
  std::vector<std::string> services;
  bool stop_first = false;  // -s
  bool remove_anonymous_volumes = false;
};
// Stopped containers (all of them with stop_first).
[[nodiscard]] Plan plan_remove(const ObservedState& observed, const ServiceGraph& graph,
                               const RemoveOptions& options);

[[nodiscard]] Plan plan_pause(const ObservedState& observed, const ServiceGraph& graph,
                              const ServicesOptions& options);
[[nodiscard]] Plan plan_unpause(const ObservedState& observed, const ServiceGraph& graph,
                                const ServicesOptions& options);

}  // namespace compose::sched
