#pragma once
// The services of a project and who depends on whom: a directed acyclic graph, checked once when it is built,
// immutable afterwards. Orders are stable: what is not ordered by a dependency keeps the order of the input.
//
// Errors: base::Error "dependency cycle: web -> api -> db -> web"; `service "web" depends on undefined
// service "db"` (unless that dependency is not required: then the edge is left out).
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/desired_state.hpp"
#include "scheduler/observed_state.hpp"

namespace compose::sched {

struct ServiceNode {
  std::string name;
  std::vector<Dependency> dependencies;
};

class ServiceGraph {
 public:
  static ServiceGraph build(std::vector<ServiceNode> nodes);
  static ServiceGraph of(const DesiredState& desired);
  // Without a compose file: from the depends_on labels of the containers. Labels of different ages may
  // contradict each other, so an edge that would close a cycle is left out instead of being an error.
  static ServiceGraph of(const ObservedState& observed);

  // Dependencies first.
  [[nodiscard]] const std::vector<std::string>& start_order() const noexcept { return start_order_; }
  // Dependents first.
  [[nodiscard]] std::vector<std::string> stop_order() const;
  [[nodiscard]] bool contains(std::string_view service) const { return index_.contains(service); }
  // Only edges to services of the graph. Error for an unknown service.
  [[nodiscard]] std::span<const Dependency> dependencies_of(std::string_view service) const;
  [[nodiscard]] std::span<const std::string> dependents_of(std::string_view service) const;
  // The edge from `dependent` to `service`; nullptr when there is none.
  [[nodiscard]] const Dependency* edge(std::string_view dependent, std::string_view service) const;

  // The selected services with everything they depend on, directly or not (`up web`).
  [[nodiscard]] ServiceGraph restricted_to(std::span<const std::string> selected) const;
  // The selected services and no others; edges to the rest are dropped (`--no-deps`).
  [[nodiscard]] ServiceGraph only(std::span<const std::string> selected) const;
  // The selected services with everything that depends on them, directly or not (`down web`).
  [[nodiscard]] ServiceGraph with_dependents(std::span<const std::string> selected) const;

 private:
  struct Node {
    ServiceNode service;
    std::vector<std::string> dependents;
  };
  [[nodiscard]] const Node& node(std::string_view service) const;
  using ServiceSet = std::set<std::string, std::less<>>;
  [[nodiscard]] ServiceGraph keep(const ServiceSet& kept) const;
  // Those selected and whatever can be reached from them.
  [[nodiscard]] ServiceSet reached_from(
      std::span<const std::string> selected,
      const std::function<void(const Node&, std::vector<std::string>&)>& add_neighbours) const;

  std::vector<Node> nodes_;  // in the order of the input
  std::map<std::string, std::size_t, std::less<>> index_;
  std::vector<std::string> start_order_;
};

}  // namespace compose::sched
