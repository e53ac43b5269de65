#include "compose/adapters/observe.hpp"

#include <algorithm>

#include "base/sys.hpp"
#include "net/network_manager.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::adapters {
namespace {

// What Docker shows for a container that the host took down with it.
constexpr int k_exit_code_of_a_reboot = 255;

sched::ObservedContainer observed(const ContainerRecord& record, const Paths& paths) {
  sched::ObservedContainer c;
  c.id = record.id;
  c.name = record.name;
  c.service = record.service;
  c.number = record.number;
  c.one_off = record.one_off;
  c.config_hash = record.config_hash;
  c.image = record.image;
  c.image_id = record.image_id;
  c.status = status_of(paths, record);
  c.complete = record.phase == Phase::complete &&
               base::sys::exists(paths.runtime().container_directory(record.id) / "upper");
  c.broken = rt::was_lost(c.status);
  c.networks = record.summary.networks;
  for (const auto& mounted : record.summary.volumes) c.volumes.push_back(mounted.volume);
  c.labels = record.labels;
  for (const auto& id : record.summary.joins) c.joins.emplace_back(id);
  c.created_at = record.created_at;
  c.stop_grace = record.summary.stop_grace;
  c.hooks = record.summary.hooks.value_or(sched::ServiceHooks{});
  return c;
}

void observe_networks(sched::ObservedState& all, const net::NetworkManager& networks,
                      const std::string& project, const sched::DesiredState* desired) {
  const auto add = [&](const net::Network& network) {
    const bool ours = network.project == project;
    all.networks.push_back({.name = network.spec.name,
                            .key = ours ? network.key : "",
                            .config_hash = network.config_hash,
                            .complete = network.complete && networks.intact(network)});
  };
  for (const auto& network : networks.list_of_project(project)) add(network);
  if (desired == nullptr) return;
  for (const auto& wanted : desired->networks) {
    if (std::ranges::any_of(all.networks, [&](const auto& n) { return n.name == wanted.spec.name; }))
      continue;
    if (const auto found = networks.find(wanted.spec.name)) add(*found);
  }
}

void observe_volumes(sched::ObservedState& all, State& state, const std::string& project,
                     const sched::DesiredState* desired) {
  for (const auto& volume : state.volumes(project))
    if (!volume.key.empty()) all.volumes.push_back({volume.name, volume.key, volume.config_hash});
  if (desired == nullptr) return;
  for (const auto& wanted : desired->volumes) {
    if (std::ranges::any_of(all.volumes, [&](const auto& v) { return v.name == wanted.name; })) continue;
    if (const auto found = state.volume(wanted.name))
      all.volumes.push_back({found->name, "", found->config_hash});
  }
}

}  // namespace

rt::ContainerStatus status_of(const Paths& paths, const ContainerRecord& container) {
  if (auto status = rt::read_status(paths.runtime(), container.id)) return *status;
  rt::ContainerStatus never;
  if (container.summary.started) {
    never.state = rt::ContainerState::exited;
    never.exit_code = k_exit_code_of_a_reboot;
  }
  return never;
}

std::vector<sched::ObservedContainer> observe_containers(State& state, const Paths& paths,
                                                         const std::string& project, State::Labels labels) {
  std::vector<sched::ObservedContainer> all;
  for (const auto& record : state.containers(project, labels))
    if (!is_going(record.phase) || record.one_off) all.push_back(observed(record, paths));
  return all;
}

sched::ObservedState observe(State& state, const net::NetworkManager& networks, const Paths& paths,
                             const std::string& project, const sched::DesiredState* desired) {
  sched::ObservedState all;
  all.containers = observe_containers(state, paths, project, State::Labels::with);
  for (auto& container : all.containers) container.config = state.config(container.config_hash);
  observe_networks(all, networks, project, desired);
  observe_volumes(all, state, project, desired);
  return all;
}

}  // namespace compose::adapters
