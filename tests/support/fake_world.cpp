#include "support/fake_world.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/text.hpp"

namespace compose::test {

using namespace sched;

namespace asio = boost::asio;
using base::text;
using rt::ContainerId;
using rt::ContainerState;

ObservedState FakeWorld::observed() const {
  ObservedState state;
  for (const auto& [id, c] : containers_) state.containers.push_back(c);
  for (const auto& [name, n] : networks_) state.networks.push_back(n);
  for (const auto& [name, v] : volumes_) state.volumes.push_back(v);
  return state;
}

ObservedContainer& FakeWorld::container(const std::string& name) {
  for (auto& [id, c] : containers_)
    if (c.name == name) return c;
  base::fail("no container {}", name);
}

ObservedContainer FakeWorld::made_from(const DesiredService& service, int number, const std::string& name) {
  std::string digits = std::to_string(next_id_++);
  digits = std::string(12 - digits.size(), '0') + digits;
  ObservedContainer c{.id = ContainerId{digits + std::string(52, 'a')},
                      .name = name,
                      .service = service.name,
                      .number = number,
                      .config_hash = service.config_hash,
                      .image = service.image,
                      .image_id = service.image_id,
                      .labels = service.labels,
                      .config = service.config,
                      .hooks = {service.post_start, service.pre_stop}};
  for (const net::AttachmentSpec& a : service.attachments) c.networks.push_back(network_names_[a.network]);
  for (const VolumeUse& v : service.volumes)
    if (!v.volume.empty()) c.volumes.push_back(volume_names_[v.volume]);
  return c;
}

void FakeWorld::settle(const DesiredState& desired) {
  for (const DesiredNetwork& n : desired.networks) {
    network_names_[n.key] = n.spec.name;
    networks_[n.spec.name] = {.name = n.spec.name, .key = n.key, .config_hash = n.config_hash};
  }
  for (const DesiredVolume& v : desired.volumes) {
    volume_names_[v.key] = v.name;
    volumes_[v.name] = {v.name, v.key, v.config_hash};
  }
  for (const DesiredService& s : desired.services) {
    for (std::uint32_t n = 1; n <= s.replicas; ++n) {
      ObservedContainer c =
          made_from(s, static_cast<int>(n), container_name(desired, s, static_cast<int>(n)));
      c.status.state = ContainerState::running;
      if (s.spec.health) c.status.health = rt::Health::healthy;
      containers_[c.id] = std::move(c);
    }
  }
}

Outcome FakeWorld::run(const Plan& plan, const DesiredState& desired, ExecuteOptions options) {
  for (const DesiredNetwork& n : desired.networks) network_names_[n.key] = n.spec.name;
  for (const DesiredVolume& v : desired.volumes) volume_names_[v.key] = v.name;
  std::optional<Outcome> outcome;
  std::exception_ptr error;
  woken_ = false;
  asio::co_spawn(context_, execute(plan, desired, effects(), options), [&](std::exception_ptr e, Outcome o) {
    error = e;
    outcome = std::move(o);
  });
  context_.restart();
  context_.run();
  if (error) std::rethrow_exception(error);
  if (!outcome) base::fail("the execution never ended");
  return std::move(*outcome);
}

Outcome FakeWorld::up(const DesiredState& desired, const ReconcileOptions& options) {
  return run(reconcile(desired, observed(), options), desired);
}

Failure FakeWorld::attempt(const std::string& what) {
  attempts.push_back(what);
  const auto found = failures.find(what);
  if (found == failures.end()) return std::nullopt;
  return found->second;
}

void FakeWorld::record(std::string call) {
  calls.push_back(std::move(call));
  if (on_call) on_call();
}

bool FakeWorld::each(const std::string& verb, std::span<const ContainerId> ids, const Finished& finished,
                     const Change& change) {
  std::string call = verb;
  for (const ContainerId& id : ids) call += " " + containers_.at(id).name;
  record(std::move(call));
  bool all = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string what = verb + " " + containers_.at(ids[i]).name;
    if (lingering.contains(what)) {
      all = false;
      continue;
    }
    const Failure failure = attempt(what);
    if (!failure) change(containers_.at(ids[i]), i);
    finished(i, failure);
  }
  return all;
}

// What happens meanwhile happens; then until nobody is to wait any more.
Task<void> FakeWorld::linger() {
  co_await asio::post(context_, asio::use_awaitable);
  happen();
  asio::steady_timer timer{context_, std::chrono::steady_clock::time_point::max()};
  waiting_.push_back(&timer);
  const base::ScopeExit forget{[&] { std::erase(waiting_, &timer); }};
  while (!woken_) {
    boost::system::error_code woken;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

void FakeWorld::happen() {
  if (events.empty()) return;
  const auto event = std::move(events.front());
  events.pop_front();
  event();
  for (asio::steady_timer* timer : waiting_) timer->cancel();
}

Task<std::vector<Created>> FakeWorld::create(std::span<const CreateRequest> requests) {
  std::string call = "create";
  for (const CreateRequest& r : requests) {
    call += " " + r.name;
    for (const auto& [service, id] : r.peers) call += text("[{}={}]", service, containers_.at(id).name);
  }
  record(std::move(call));
  std::vector<Created> results;
  for (const CreateRequest& r : requests) {
    Failure failure = attempt("create " + r.name);
    for (const auto& [id, c] : containers_)
      if (c.name == r.name) failure = text("container name \"{}\" is already in use", r.name);
    ObservedContainer c = made_from(*r.service, r.number, r.name);
    for (const auto& [service, id] : r.peers) c.joins.push_back(id);
    results.push_back({c.id, failure});
    if (!failure) containers_[c.id] = std::move(c);
  }
  co_return results;
}

Task<void> FakeWorld::start(std::span<const ContainerId> ids, Finished finished) {
  each("start", ids, finished, [this](ObservedContainer& c, std::size_t) {
    c.status = {.state = ContainerState::running};
    c.broken = false;
    if (const auto found = on_start.find(c.service); found != on_start.end()) found->second(c.status);
  });
  co_return;
}

void FakeWorld::foresee(std::span<const ContainerId> ids) {
  std::string names;
  for (const ContainerId& id : ids) names += (names.empty() ? "" : " ") + containers_.at(id).name;
  foreseen.push_back(std::move(names));
}

Task<void> FakeWorld::stop(std::span<const ContainerId> ids, std::optional<std::chrono::nanoseconds> grace,
                           Finished finished) {
  (void)grace;
  const Change ended = [](ObservedContainer& c, std::size_t) {
    c.status = {.state = ContainerState::exited};
  };
  if (!each("stop", ids, finished, ended)) co_await linger();
}

Task<void> FakeWorld::kill(std::span<const ContainerId> ids, int signal, Finished finished) {
  each(text("kill -{}", signal), ids, finished, [=](ObservedContainer& c, std::size_t) {
    c.status = {.state = ContainerState::exited, .exit_code = 128 + signal};
  });
  co_return;
}

Task<void> FakeWorld::remove(std::span<const ContainerId> ids, bool with_anonymous_volumes,
                             Finished finished) {
  const std::vector<ContainerId> all(ids.begin(), ids.end());
  each(
      with_anonymous_volumes ? "remove -v" : "remove", all,
      [&](std::size_t i, const Failure& failure) {
        if (!failure) containers_.erase(all[i]);
        finished(i, failure);
      },
      [](ObservedContainer&, std::size_t) {});
  co_return;
}

Task<void> FakeWorld::rename(std::span<const RenameRequest> requests, Finished finished) {
  std::vector<ContainerId> ids;
  for (const RenameRequest& r : requests) ids.push_back(r.id);
  each("rename", ids, finished, [&](ObservedContainer& c, std::size_t i) { c.name = requests[i].name; });
  co_return;
}

Task<void> FakeWorld::pause(std::span<const ContainerId> ids, Finished finished) {
  each("pause", ids, finished,
       [](ObservedContainer& c, std::size_t) { c.status.state = ContainerState::paused; });
  co_return;
}

Task<void> FakeWorld::unpause(std::span<const ContainerId> ids, Finished finished) {
  each("unpause", ids, finished,
       [](ObservedContainer& c, std::size_t) { c.status.state = ContainerState::running; });
  co_return;
}

Task<void> FakeWorld::disconnect(std::span<const ContainerId> ids, const std::string& network,
                                 Finished finished) {
  each("disconnect " + network, ids, finished,
       [&](ObservedContainer& c, std::size_t) { std::erase(c.networks, network); });
  co_return;
}

Task<void> FakeWorld::connect(std::span<const ConnectRequest> requests, Finished finished) {
  std::vector<ContainerId> ids;
  for (const ConnectRequest& r : requests) ids.push_back(r.id);
  each("connect", ids, finished, [&](ObservedContainer& c, std::size_t i) {
    c.networks.push_back(network_names_[requests[i].network]);
  });
  co_return;
}

std::optional<rt::ContainerStatus> FakeWorld::status(const ContainerId& id) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return std::nullopt;
  return found->second.status;
}

Task<bool> FakeWorld::status_changed(std::span<const ContainerId> ids,
                                     std::chrono::steady_clock::time_point deadline) {
  (void)ids;
  co_await asio::post(context_, asio::use_awaitable);
  if (!events.empty()) {
    happen();
    co_return true;
  }
  if (deadline != std::chrono::steady_clock::time_point::max()) {
    clock.now = std::max(clock.now, deadline);
    co_return false;
  }
  asio::steady_timer timer{context_, std::chrono::steady_clock::time_point::max()};
  waiting_.push_back(&timer);
  const base::ScopeExit forget{[&] { std::erase(waiting_, &timer); }};
  boost::system::error_code woken;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  co_return true;
}

void FakeWorld::wake_waits() {
  woken_ = true;
  for (asio::steady_timer* timer : waiting_) timer->cancel();
}

Task<void> FakeWorld::run(std::span<const HookRequest> requests, Finished finished) {
  std::vector<ContainerId> ids;
  for (const HookRequest& r : requests) ids.push_back(r.id);
  const std::string verb = "run " + base::join(requests.front().hook->argv, " ") + " in";
  if (!each(verb, ids, finished, [](ObservedContainer&, std::size_t) {})) co_await linger();
}

Task<Failure> FakeWorld::create(const DesiredNetwork& network) {
  record("create network " + network.spec.name);
  Failure failure = attempt("create network " + network.spec.name);
  if (!failure)
    networks_[network.spec.name] = {
        .name = network.spec.name, .key = network.key, .config_hash = network.config_hash};
  co_return failure;
}

Task<Failure> FakeWorld::create(const DesiredVolume& volume) {
  record("create volume " + volume.name);
  Failure failure = attempt("create volume " + volume.name);
  if (!failure) volumes_[volume.name] = {volume.name, volume.key, volume.config_hash};
  co_return failure;
}

Task<Failure> FakeWorld::remove(const std::string& name) {
  const bool is_network = networks_.contains(name);
  const std::string what = (is_network ? "remove network " : "remove volume ") + name;
  record(what);
  Failure failure = attempt(what);
  for (const auto& [id, c] : containers_) {
    const auto& users = is_network ? c.networks : c.volumes;
    if (std::ranges::find(users, name) != users.end()) failure = std::string{k_still_in_use};
  }
  if (!failure) is_network ? networks_.erase(name) : volumes_.erase(name);
  co_return failure;
}

void FakeWorld::update(const std::string& object, Phase phase, const std::string& text,
                       const std::string& details) {
  (void)phase;
  progress.push_back(object + " " + text + (details.empty() ? "" : " " + details));
}

// ---- builders ----

DesiredState project(const std::string& name) {
  DesiredState desired;
  desired.project = name;
  add_network(desired, "default");
  return desired;
}

void add_network(DesiredState& desired, const std::string& key) {
  DesiredNetwork network{.key = key, .config_hash = "n1"};
  network.spec.name = desired.project + "_" + key;
  desired.networks.push_back(std::move(network));
}

void add_volume(DesiredState& desired, const std::string& key) {
  desired.volumes.push_back({.key = key, .name = desired.project + "_" + key, .config_hash = "v1"});
}

DesiredService& add_service(DesiredState& desired, const std::string& name, std::uint32_t replicas) {
  DesiredService service;
  service.name = name;
  service.replicas = replicas;
  service.image = "alpine";
  service.image_id = "sha256:1";
  service.config_hash = "c1";
  service.attachments.push_back({.network = "default"});
  desired.services.push_back(std::move(service));
  desired.known_services.push_back(name);
  return desired.services.back();
}

DesiredService& find_service(DesiredState& desired, const std::string& name) {
  for (DesiredService& s : desired.services)
    if (s.name == name) return s;
  base::fail("no service {}", name);
}

void depend(DesiredService& service, const std::string& on, Condition condition) {
  service.dependencies.push_back({.service = on, .condition = condition});
}

void check_health(DesiredService& service) {
  service.spec.health = rt::HealthSpec{.test = {"true"}};
}

}  // namespace compose::test
