#include "scheduler/service_graph.hpp"

#include <algorithm>
#include <cstdint>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace compose::sched {
namespace {

enum class Mark : std::uint8_t { fresh, open, done };

// Depth first in the order of the input. `path` holds the services being visited, for the message of a cycle.
class OrderFinder {
 public:
  OrderFinder(const std::vector<ServiceNode>& nodes,
              const std::map<std::string, std::size_t, std::less<>>& index)
      : nodes_(nodes), index_(index), marks_(nodes.size(), Mark::fresh) {}

  std::vector<std::string> find() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) visit(i);
    return std::move(order_);
  }

 private:
  void visit(std::size_t i) {
    if (marks_[i] == Mark::done) return;
    if (marks_[i] == Mark::open) report_cycle(i);
    marks_[i] = Mark::open;
    path_.push_back(i);
    for (const Dependency& d : nodes_[i].dependencies) visit(index_.find(d.service)->second);
    path_.pop_back();
    marks_[i] = Mark::done;
    order_.push_back(nodes_[i].name);
  }

  [[noreturn]] void report_cycle(std::size_t closing) const {
    std::vector<std::string> names;
    for (auto at = std::ranges::find(path_, closing); at != path_.end(); ++at)
      names.push_back(nodes_[*at].name);
    names.push_back(nodes_[closing].name);
    base::fail("dependency cycle: {}", base::join(names, " -> "));
  }

  const std::vector<ServiceNode>& nodes_;
  const std::map<std::string, std::size_t, std::less<>>& index_;
  std::vector<Mark> marks_;
  std::vector<std::size_t> path_;
  std::vector<std::string> order_;
};

// Edges to services that are not there: an error where required, otherwise left out.
void drop_absent_dependencies(ServiceNode& node,
                              const std::map<std::string, std::size_t, std::less<>>& index) {
  for (const Dependency& d : node.dependencies) {
    if (d.required && !index.contains(d.service))
      base::fail("service \"{}\" depends on undefined service \"{}\"", node.name, d.service);
  }
  std::erase_if(node.dependencies, [&](const Dependency& d) { return !index.contains(d.service); });
}

// "db:service_healthy:false,cache:service_started:true"
std::vector<Dependency> parse_depends_on_label(std::string_view label) {
  std::vector<Dependency> dependencies;
  while (!label.empty()) {
    const auto comma = label.find(',');
    std::string_view item = label.substr(0, comma);
    label = comma == std::string_view::npos ? std::string_view{} : label.substr(comma + 1);
    const auto first = item.find(':');
    Dependency d{.service = std::string{item.substr(0, first)}};
    if (first != std::string_view::npos) {
      const std::string_view rest = item.substr(first + 1);
      const std::string_view condition = rest.substr(0, rest.find(':'));
      if (condition == "service_healthy") d.condition = Condition::healthy;
      if (condition == "service_completed_successfully") d.condition = Condition::completed_successfully;
      d.restart = rest.ends_with(":true");
    }
    if (!d.service.empty()) dependencies.push_back(std::move(d));
  }
  return dependencies;
}

// Whether `from` reaches `to` over the edges so far.
bool reaches(const std::map<std::string, ServiceNode>& nodes, const std::string& from, const std::string& to,
             std::set<std::string>& seen) {
  if (from == to) return true;
  if (!seen.insert(from).second) return false;
  const auto node = nodes.find(from);
  return node != nodes.end() && std::ranges::any_of(node->second.dependencies, [&](const Dependency& d) {
           return reaches(nodes, d.service, to, seen);
         });
}

}  // namespace

ServiceGraph ServiceGraph::build(std::vector<ServiceNode> nodes) {
  ServiceGraph graph;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!graph.index_.emplace(nodes[i].name, i).second)
      base::fail("service \"{}\" is there twice", nodes[i].name);
  }
  for (ServiceNode& node : nodes) drop_absent_dependencies(node, graph.index_);
  graph.start_order_ = OrderFinder{nodes, graph.index_}.find();
  for (ServiceNode& node : nodes) graph.nodes_.push_back(Node{std::move(node), {}});
  for (const Node& n : graph.nodes_) {
    for (const Dependency& d : n.service.dependencies)
      graph.nodes_[graph.index_.find(d.service)->second].dependents.push_back(n.service.name);
  }
  return graph;
}

ServiceGraph ServiceGraph::of(const DesiredState& desired) {
  std::vector<ServiceNode> nodes;
  nodes.reserve(desired.services.size());
  for (const DesiredService& s : desired.services) nodes.push_back({s.name, s.dependencies});
  return build(std::move(nodes));
}

ServiceGraph ServiceGraph::of(const ObservedState& observed) {
  std::map<std::string, ServiceNode> nodes;
  std::map<std::string, std::string_view> labels;
  for (const ObservedContainer& c : observed.containers) {
    nodes[c.service].name = c.service;
    const auto label = c.labels.find("com.docker.compose.depends_on");
    if (label != c.labels.end() && !c.one_off) labels[c.service] = label->second;
  }
  for (const auto& [service, label] : labels) {
    for (Dependency& d : parse_depends_on_label(label)) {
      std::set<std::string> seen;
      if (nodes.contains(d.service) && !reaches(nodes, d.service, service, seen))
        nodes[service].dependencies.push_back(std::move(d));
    }
  }
  std::vector<ServiceNode> list;
  for (auto& [name, node] : nodes) list.push_back(std::move(node));
  return build(std::move(list));
}

std::vector<std::string> ServiceGraph::stop_order() const {
  return {start_order_.rbegin(), start_order_.rend()};
}

const ServiceGraph::Node& ServiceGraph::node(std::string_view service) const {
  const auto found = index_.find(service);
  if (found == index_.end()) base::fail("no such service: {}", service);
  return nodes_[found->second];
}

std::span<const Dependency> ServiceGraph::dependencies_of(std::string_view service) const {
  return node(service).service.dependencies;
}

std::span<const std::string> ServiceGraph::dependents_of(std::string_view service) const {
  return node(service).dependents;
}

const Dependency* ServiceGraph::edge(std::string_view dependent, std::string_view service) const {
  for (const Dependency& d : dependencies_of(dependent))
    if (d.service == service) return &d;
  return nullptr;
}

ServiceGraph ServiceGraph::keep(const ServiceSet& kept) const {
  std::vector<ServiceNode> nodes;
  for (const Node& n : nodes_) {
    if (!kept.contains(n.service.name)) continue;
    ServiceNode copy = n.service;
    std::erase_if(copy.dependencies, [&](const Dependency& d) { return !kept.contains(d.service); });
    nodes.push_back(std::move(copy));
  }
  return build(std::move(nodes));
}

ServiceGraph::ServiceSet ServiceGraph::reached_from(
    std::span<const std::string> selected,
    const std::function<void(const Node&, std::vector<std::string>&)>& add_neighbours) const {
  ServiceSet reached;
  std::vector<std::string> todo(selected.begin(), selected.end());
  while (!todo.empty()) {
    const std::string service = std::move(todo.back());
    todo.pop_back();
    const Node& n = node(service);
    if (reached.insert(service).second) add_neighbours(n, todo);
  }
  return reached;
}

ServiceGraph ServiceGraph::restricted_to(std::span<const std::string> selected) const {
  return keep(reached_from(selected, [](const Node& n, std::vector<std::string>& todo) {
    for (const Dependency& d : n.service.dependencies) todo.push_back(d.service);
  }));
}

ServiceGraph ServiceGraph::only(std::span<const std::string> selected) const {
  ServiceSet kept;
  for (const std::string& service : selected) kept.insert(node(service).service.name);
  return keep(kept);
}

ServiceGraph ServiceGraph::with_dependents(std::span<const std::string> selected) const {
  return keep(reached_from(selected, [](const Node& n, std::vector<std::string>& todo) {
    todo.insert(todo.end(), n.dependents.begin(), n.dependents.end());
  }));
}

}  // namespace compose::sched
