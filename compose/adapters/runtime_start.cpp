// Starting: the pipeline from rows to running processes.
#include <algorithm>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "compose/adapters/parallel.hpp"
#include "compose/adapters/runtime_order.hpp"
#include "runtime-shim/client/shim_client.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::adapters {

namespace asio = boost::asio;
using base::fault_point;

const rt::ContainerSpec& RuntimeAdapter::spec(const ContainerId& id) {
  const auto found = specs_.find(id);
  return found != specs_.end() ? found->second : specs_.emplace(id, parts_.state.spec(id)).first->second;
}

// The ports it had, so that a restart does not move it; others where somebody took them in between.
void RuntimeAdapter::reserve_ports(Starting& starting) {
  const auto& wishes = starting.record.summary.wishes;
  if (wishes.empty()) return;
  if (const auto& before = starting.record.summary.ports; !before.empty()) {
    try {
      starting.held = parts_.ports.reserve_again(bindings_of(before));
      return;
    } catch (const base::Error&) {
      // Fixed ports fail again below, with the same words; chosen ones are chosen anew.
    }
  }
  for (const auto& wish : wishes)
    for (auto& held :
         parts_.ports.reserve({wish.protocol, wish.host_address, wish.first, wish.last, wish.target}))
      starting.held.push_back(std::move(held));
}

std::shared_ptr<RuntimeAdapter::Starting> RuntimeAdapter::prepare_start(const ContainerId& id) {
  auto starting = std::make_shared<Starting>();
  starting->id = id;
  try {
    auto record = parts_.state.container(id);
    if (!record) base::fail("no such container: {}", id.short_form());
    starting->record = std::move(*record);
    if (fresh_.erase(id) == 0) {
      starting->runs_already = rt::shim_at_work(parts_.paths.runtime(), id);
      if (starting->runs_already) return starting;
      remains_.clean_up(starting->record.project, id);
    }
    starting->leases = parts_.networks.leases_of(id.str());
    reserve_ports(*starting);
    auto& summary = starting->record.summary;
    summary.ports.clear();
    for (const auto& held : starting->held)
      summary.ports.push_back({held.binding.protocol, held.binding.host_address, held.binding.host_port,
                               held.binding.container_port});
    summary.started = true;
  } catch (const base::Error& e) {
    starting->failure = e.what();
  }
  return starting;
}

net::Sandbox RuntimeAdapter::take_sandbox(const ContainerId& id, const std::vector<net::Lease>& leases) {
  if (auto found = built_ahead_.extract(id)) return std::move(found.mapped());
  return parts_.networks.build_sandbox(
      {.container = id.str(), .leases = leases, .sysctls = spec(id).security.sysctls});
}

rt::StartRequest RuntimeAdapter::start_request(Starting& starting) {
  rt::StartRequest request;
  request.spec = spec(starting.id);
  request.spec.ports = starting.record.summary.ports;
  request.networked = request.spec.security.network.mode == rt::NamespaceMode::private_;
  request.gated = starting.gated;
  if (request.networked || request.gated) {
    auto [ours, theirs] = rt::StartLane::make();
    starting.lane = std::move(ours);
    request.lane = std::move(theirs);
  }
  for (std::size_t i = 0; i < starting.held.size(); ++i)
    request.held_sockets.push_back({static_cast<std::uint16_t>(i), std::move(starting.held[i].socket)});
  if (const auto tee = tees_.find(starting.id); tee != tees_.end()) {
    request.tee = std::move(tee->second);
    tees_.erase(tee);
  }
  if (follower_) request.follower = follower_(starting.id);
  return request;
}

rt::Launcher& RuntimeAdapter::launcher() {
  if (!launcher_)
    launcher_ = std::make_unique<rt::Launcher>(parts_.executor, parts_.paths.runtime(),
                                               rt::find_shim_program(), parts_.project_lock());
  return *launcher_;
}

void RuntimeAdapter::expect_starts() {
  launcher().prepare(parts_.desired->project);
}

// Its supervisor goes to work at once; the network follows when it is made.
void RuntimeAdapter::submit(const std::shared_ptr<Starting>& starting) {
  try {
    auto request = start_request(*starting);
    const bool networked = request.networked;
    fault_point("start.submit");
    launcher().submit(std::move(request), [this, starting](const rt::StartReport& report) {
      starting->pending = false;
      std::erase(networks_due_, starting);
      if (!report.ok && !starting->failure) {
        starting->failure = report.error;
        starting->exit_code = report.exit_code;
      }
      report_came_.cancel();
    });
    starting->pending = true;
    if (networked) networks_due_.push_back(starting);
  } catch (const base::Error& e) {
    starting->failure = e.what();
  }
}

// False: no start waits for its network.
bool RuntimeAdapter::give_next_network() {
  if (networks_due_.empty()) return false;
  const auto starting = networks_due_.front();
  give_network(*starting);
  return true;
}

// One that cannot be made takes the start back. A supervisor that has failed meanwhile reports that itself.
void RuntimeAdapter::give_network(Starting& starting) {
  const auto is_due = [&](const auto& due) { return due.get() == &starting; };
  if (std::erase_if(networks_due_, is_due) == 0 || !starting.lane) return;
  try {
    fault_point("start.sandbox");
    auto sandbox = take_sandbox(starting.id, starting.leases);
    const auto dns_sockets = std::move(sandbox.dns).take_all();
    starting.lane->send_network(sandbox.netns, dns_sockets);
    fault_point("start.network_given");
  } catch (const base::Error& e) {
    starting.failure = e.what();
    starting.network_refused = true;
    starting.lane.reset();
  }
}

// A container whose ports cannot be published is taken down again.
Task<void> RuntimeAdapter::publish(const Startings& all) {
  std::vector<net::Publication> publications;
  Startings with_ports;
  for (const auto& starting : all) {
    if (starting->failure || starting->runs_already || starting->record.summary.ports.empty()) continue;
    publications.push_back(publication_of(starting->id, starting->record.summary.ports, starting->leases));
    with_ports.push_back(starting);
  }
  if (publications.empty()) co_return;
  fault_point("start.publish");
  try {
    parts_.ports.publish(publications);
    co_return;
  } catch (const base::Error& e) {
    for (const auto& starting : with_ports) starting->failure = e.what();
  }
  co_await for_all(with_ports.size(), [&](std::size_t i) { return stop_quietly(with_ports[i]->id); });
}

Task<void> RuntimeAdapter::stop_quietly(ContainerId id) {
  try {
    co_await rt::ShimClient{parts_.executor, parts_.paths.runtime(), id}.stop(std::chrono::nanoseconds{0});
  } catch (const base::Error&) {
    // It has ended by itself, which is what was wanted.
  }
}

Task<void> RuntimeAdapter::report_comes() {
  boost::system::error_code ignored;
  co_await report_came_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

// Tells about those without ports as soon as they are reported; the others wait for their rules. Meanwhile
// those that come after are worked on.
Task<void> RuntimeAdapter::all_reported(const Startings& all, const Finished& finished) {
  const auto tell = [&] {
    bool pending = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto& s = *all[i];
      pending = pending || s.pending;
      if (s.pending || s.told || s.failure || !s.record.summary.ports.empty()) continue;
      s.told = true;
      finished(i, std::nullopt);
    }
    return pending;
  };
  while (tell()) {
    if (work_ahead())
      co_await asio::post(parts_.executor, asio::use_awaitable);
    else
      co_await report_comes();
  }
}

void RuntimeAdapter::record_start(const Startings& all) {
  try {
    parts_.state.transaction([&] {
      fault_point("start.record");
      for (const auto& s : all)
        if (!s->failure) parts_.state.set_summary(s->id, s->record.summary);
    });
  } catch (const base::Error& e) {
    for (const auto& s : all)
      if (!s->failure) s->failure = e.what();
  }
}

// Those whose network was refused never ran; nobody is to read an end into what the row says. Where it cannot
// be corrected it says so until the next start.
void RuntimeAdapter::forget_start(const Startings& all) {
  if (std::ranges::none_of(all, &Starting::network_refused)) return;
  try {
    parts_.state.transaction([&] {
      for (const auto& s : all) {
        if (!s->network_refused || rt::read_status(parts_.paths.runtime(), s->id)) continue;
        s->record.summary.started = false;
        s->record.summary.ports.clear();
        parts_.state.set_summary(s->id, s->record.summary);
      }
    });
  } catch (const base::Error&) {
    // The refusal itself is what is told.
  }
}

Task<void> RuntimeAdapter::start(std::span<const ContainerId> ids, Finished finished) {
  Startings all;
  for (const auto& id : ids) {
    auto readied = co_await take_readied(id);
    all.push_back(readied ? std::move(readied) : prepare_start(id));
  }
  record_start(all);
  fault_point("start.rows");
  for (const auto& starting : all) {
    if (starting->failure)
      starting->lane.reset();  // one that was got ready is taken back
    else if (starting->gated)
      let_through(*starting);
    else if (!starting->runs_already)
      submit(starting);
    if (networks_due_.size() > k_most_networks_due) give_next_network();
    co_await asio::post(parts_.executor, asio::use_awaitable);  // lets reports in that came meanwhile
  }
  co_await all_reported(all, finished);
  forget_start(all);
  co_await publish(all);
  std::vector<ContainerId> refused;
  for (const auto& starting : all) {
    if (!starting->failure) continue;
    refused.push_back(starting->id);
    start_exit_code_ = starting->exit_code;
  }
  if (!refused.empty()) release_network(rooms(), refused);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (!all[i]->told) finished(i, all[i]->failure);
}

void RuntimeAdapter::tee_at_start(const ContainerId& id, base::UniqueFd output, base::UniqueFd error) {
  tees_[id] = {std::move(output), std::move(error)};
}

}  // namespace compose::adapters
