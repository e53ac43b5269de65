// What is done for containers whose turn to start has not come: those created by this command get their
// network, those that are next a shim that has everything ready and waits at its gate (the lane of
// spec/start_request.hpp). Nothing of it is in the database, and nothing can be seen: a name, a port, a
// running process.
#include <algorithm>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "compose/adapters/runtime_order.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::adapters {

using base::fault_point;

void RuntimeAdapter::foresee(std::span<const ContainerId> ids) {
  std::ranges::copy(ids, std::back_inserter(foreseen_));
}

// One piece of work for a container that waits for those that start now. False: there is none. What cannot be
// done ahead is left to the container's own start, which meets the reason again, and says so.
bool RuntimeAdapter::work_ahead() {
  constexpr std::size_t k_most_readied = 16;  // what starts now needs the cores too
  const bool readies = !foreseen_.empty() && readied_.size() < k_most_readied;
  if ((!readies || networks_due_.size() >= k_most_networks_due) && give_next_network()) return true;
  auto& queue = readies ? foreseen_ : unstarted_;
  if (queue.empty()) return false;
  const ContainerId id = queue.front();
  queue.pop_front();
  try {
    readies ? get_ready(id) : build_ahead(id);
  } catch (const base::Error&) {
    // Said above.
  }
  return true;
}

void RuntimeAdapter::build_ahead(const ContainerId& id) {
  if (spec(id).security.network.mode != rt::NamespaceMode::private_ || readied_.contains(id)) return;
  built_ahead_.emplace(id, take_sandbox(id, parts_.networks.leases_of(id.str())));
}

// Not what depends on what the ones before it do: their namespaces, or who fills a volume first. Not what ran
// before: how it ended would be forgotten when it is not started after all.
bool RuntimeAdapter::can_stand_ready(const rt::ContainerSpec& spec) const {
  const auto& s = spec.security;
  const auto shared = [](const rt::NamespaceSpec* ns) { return ns->mode == rt::NamespaceMode::shared; };
  const auto fills = [](const rt::Mount& mount) {
    const auto* bind = std::get_if<rt::BindMount>(&mount);
    return bind != nullptr && bind->copy_up;
  };
  return !rt::read_status(parts_.paths.runtime(), spec.id) &&
         std::ranges::none_of(std::initializer_list{&s.network, &s.pid, &s.ipc, &s.uts}, shared) &&
         std::ranges::none_of(spec.mounts, fills);
}

void RuntimeAdapter::get_ready(const ContainerId& id) {
  if (readied_.contains(id) || tees_.contains(id) || !can_stand_ready(spec(id))) return;
  const auto record = parts_.state.container(id);
  if (!record || !record->summary.wishes.empty()) return;  // ports are taken at the start itself
  auto starting = prepare_start(id);
  if (starting->failure || starting->runs_already) return;
  std::erase(unstarted_, id);
  starting->gated = true;
  fault_point("ahead.submit");
  submit(starting);
  readied_.emplace(id, std::move(starting));
}

// nullptr: not one of those, or it could not be got ready. Its start meets the reason again, and says so.
Task<std::shared_ptr<RuntimeAdapter::Starting>> RuntimeAdapter::take_readied(const ContainerId& id) {
  std::erase(unstarted_, id);
  std::erase(foreseen_, id);
  const auto found = readied_.extract(id);
  if (!found) co_return nullptr;
  const auto starting = found.mapped();
  give_network(*starting);
  while (starting->failure && starting->pending) co_await report_comes();  // its supervisor is on its way out
  co_return starting->pending ? starting : nullptr;
}

void RuntimeAdapter::let_through(Starting& starting) {
  fault_point("ahead.let_through");
  starting.lane->let_through();
}

// Their gated starts are taken back, and gone when this returns.
Task<void> RuntimeAdapter::forget_unstarted(std::span<const ContainerId> ids) {
  Startings taken_back;
  for (const auto& id : ids) {
    std::erase(unstarted_, id);
    std::erase(foreseen_, id);
    built_ahead_.erase(id);
    if (auto readied = readied_.extract(id)) taken_back.push_back(std::move(readied.mapped()));
  }
  for (const auto& starting : taken_back) {
    std::erase(networks_due_, starting);
    starting->lane.reset();
  }
  while (std::ranges::any_of(taken_back, &Starting::pending)) co_await report_comes();
}

Task<void> RuntimeAdapter::give_up_unstarted() {
  unstarted_.clear();
  foreseen_.clear();
  std::vector<ContainerId> ids;
  for (const auto& [id, sandbox] : built_ahead_) ids.push_back(id);
  for (const auto& [id, starting] : readied_) ids.push_back(id);
  co_await forget_unstarted(ids);
  parts_.networks.retire_sandboxes(strings_of(ids));
}

}  // namespace compose::adapters
