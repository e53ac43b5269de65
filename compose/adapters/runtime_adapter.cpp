// The life of containers that exist: stopping, removing, renaming, networks. Starting and creating have files
// of their own.
#include "compose/adapters/runtime_adapter.hpp"

#include <algorithm>
#include <csignal>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/scope_exit.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/parallel.hpp"
#include "compose/adapters/runtime_order.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::adapters {

namespace asio = boost::asio;
using base::fault_point;

RuntimeAdapter::RuntimeAdapter(RuntimeParts parts)
    : parts_(std::move(parts)),
      remains_(parts_.paths.runtime()),
      tracker_(parts_.executor, parts_.paths.runtime()),
      report_came_(parts_.executor, asio::steady_timer::time_point::max()) {}

RuntimeAdapter::~RuntimeAdapter() = default;

// One conversation with each shim, all at the same time. `operation(client)` may throw; a container without a
// shim is an error of that container alone.
template <class Operation>
Task<void> RuntimeAdapter::each(std::span<const ContainerId> ids, Finished finished, Operation operation) {
  co_await for_all(ids.size(), [&](std::size_t i) -> Task<void> {
    Failure failure;
    try {
      rt::ShimClient client{parts_.executor, parts_.paths.runtime(), ids[i]};
      co_await operation(client);
    } catch (const rt::GivenUp&) {
      co_return;
    } catch (const base::Error& e) {
      failure = e.what();
    }
    finished(i, failure);
  });
}

// As each(); wake_waits() ends it. All are asked all the same, and those whose answer did not come are not
// reported.
template <class Operation>
Task<void> RuntimeAdapter::each_until_woken(std::span<const ContainerId> ids, Finished finished,
                                            Operation operation) {
  const auto wakes = wakes_;
  co_await each(ids, finished, [&](rt::ShimClient& client) -> Task<void> {
    awaited_.insert(&client);
    const base::ScopeExit forget{[&] { awaited_.erase(&client); }};
    if (wakes_ != wakes) client.give_up();
    co_await operation(client);
  });
}

void RuntimeAdapter::wake_waits() {
  ++wakes_;
  tracker_.wake();
  for (auto* client : awaited_) client->give_up();
}

namespace {

Task<void> stop_unless_ended(rt::ShimClient& client, std::optional<std::chrono::nanoseconds> grace) {
  try {
    co_await client.stop(grace);
  } catch (const rt::NotRunning&) {
    // It has ended since its shim was seen.
  }
}

}  // namespace

Task<void> RuntimeAdapter::stop(std::span<const ContainerId> ids,
                                std::optional<std::chrono::nanoseconds> grace, Finished finished) {
  // Published ports go first: nothing new arrives at what is about to end.
  std::vector<ContainerId> running;
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!rt::shim_alive(parts_.paths.runtime(), ids[i])) continue;
    running.push_back(ids[i]);
    positions.push_back(i);
  }
  std::vector<Failure> failures(ids.size());
  std::set<std::size_t> awaited{positions.begin(), positions.end()};
  co_await each_until_woken(
      running,
      [&](std::size_t i, const Failure& failure) {
        failures[positions[i]] = failure;
        awaited.erase(positions[i]);
      },
      [&](rt::ShimClient& client) { return stop_unless_ended(client, grace); });
  fault_point("stop.stopped");
  std::vector<ContainerId> ended;
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (!awaited.contains(i)) ended.push_back(ids[i]);
  try {
    release_network(rooms(), ended);
  } catch (const base::Error& e) {
    for (auto& failure : failures)
      if (!failure) failure = e.what();
  }
  fault_point("stop.released");
  for (std::size_t i = 0; i < ids.size(); ++i)
    if (!awaited.contains(i)) finished(i, failures[i]);
}

Task<void> RuntimeAdapter::kill(std::span<const ContainerId> ids, int signal, Finished finished) {
  // SIGKILL ends it for good, so that its end is awaited and no restart follows; other signals are the
  // process's business.
  co_await each_until_woken(ids, finished, [signal](rt::ShimClient& client) {
    return signal == SIGKILL ? client.stop(std::chrono::nanoseconds{0}, signal) : client.kill(signal);
  });
}

Task<void> RuntimeAdapter::pause(std::span<const ContainerId> ids, Finished finished) {
  co_await each(ids, finished, [](rt::ShimClient& client) { return client.pause(); });
}

Task<void> RuntimeAdapter::unpause(std::span<const ContainerId> ids, Finished finished) {
  co_await each(ids, finished, [](rt::ShimClient& client) { return client.unpause(); });
}

Task<void> RuntimeAdapter::remove(std::span<const ContainerId> ids, bool with_anonymous_volumes,
                                  Finished finished) {
  parts_.state.set_phase(ids, with_anonymous_volumes ? Phase::purging : Phase::removing);
  fault_point("remove.marked");
  co_await forget_unstarted(ids);
  co_await for_all(ids.size(), [&](std::size_t i) { return stop_quietly(ids[i]); });
  const auto failures = take_away(rooms(), remains_, ids, with_anonymous_volumes);
  for (std::size_t i = 0; i < ids.size(); ++i) finished(i, failures[i]);
}

Task<void> RuntimeAdapter::rename(std::span<const sched::RenameRequest> requests, Finished finished) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Failure failure;
    const auto& [id, name] = requests[i];
    try {
      auto changed = spec(id);
      for (auto& endpoint : changed.endpoints) std::ranges::replace(endpoint.own_names, changed.name, name);
      changed.name = name;
      parts_.state.transaction([&] {
        parts_.state.rename_container(id, name);
        parts_.state.set_spec(id, changed);
      });
      specs_[id] = std::move(changed);
      fault_point("rename.row");
    } catch (const base::Error& e) {
      failure = e.what();
    }
    finished(i, failure);
  }
  co_return;
}

// A container has its addresses as a whole: giving up one network gives up all leases, and connect() asks for
// the others again with the addresses they had.
Task<void> RuntimeAdapter::disconnect(std::span<const ContainerId> ids, const std::string& network,
                                      Finished finished) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    Failure failure;
    try {
      auto changed = spec(ids[i]);
      std::erase_if(changed.endpoints, [&](const auto& endpoint) { return endpoint.network == network; });
      const std::string id = ids[i].str();
      parts_.state.transaction([&] {
        parts_.networks.release({&id, 1});
        parts_.state.set_spec(ids[i], changed);
      });
      specs_[ids[i]] = std::move(changed);
    } catch (const base::Error& e) {
      failure = e.what();
    }
    finished(i, failure);
  }
  co_return;
}

void RuntimeAdapter::connect_one(const sched::ConnectRequest& request) {
  auto changed = spec(request.id);
  const auto record = parts_.state.container(request.id);
  if (!record) base::fail("no such container: {}", request.id.short_form());
  net::LeaseRequest wanted{.container = request.id.str()};
  if (request.service != nullptr)
    wanted.attachments = named_attachments(*parts_.desired, *request.service);
  else
    for (const auto& network : record->summary.networks) wanted.attachments.push_back({.network = network});
  for (auto& attachment : wanted.attachments)
    for (const auto& endpoint : changed.endpoints)
      if (endpoint.network == attachment.network) {
        attachment.ipv4_address = endpoint.ipv4;
        attachment.ipv6_address = endpoint.ipv6;
      }
  parts_.state.transaction([&] {
    const std::string id = request.id.str();
    parts_.networks.release({&id, 1});
    const auto leases = parts_.networks.lease({&wanted, 1});
    set_endpoints(changed, record->service, wanted.attachments, leases.front(),
                  [this](const net::NetworkId& network) { return parts_.networks.names_table(network); });
    parts_.state.set_spec(request.id, changed);
  });
  specs_[request.id] = std::move(changed);
}

Task<void> RuntimeAdapter::connect(std::span<const sched::ConnectRequest> requests, Finished finished) {
  for (std::size_t i = 0; i < requests.size(); ++i) {
    Failure failure;
    try {
      connect_one(requests[i]);
    } catch (const base::Error& e) {
      failure = e.what();
    }
    finished(i, failure);
  }
  co_return;
}

std::optional<rt::ContainerStatus> RuntimeAdapter::status(const ContainerId& id) {
  tracker_.looked_at(id);
  if (auto status = rt::read_status(parts_.paths.runtime(), id)) return status;
  const auto record = parts_.state.container(id);
  return record ? std::optional{status_of(parts_.paths, *record)} : std::nullopt;
}

Task<bool> RuntimeAdapter::status_changed(std::span<const ContainerId> ids,
                                          std::chrono::steady_clock::time_point deadline) {
  return tracker_.changed(ids, deadline);
}

}  // namespace compose::adapters
