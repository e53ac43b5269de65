#pragma once
// A world for the scheduler's tests, in memory: it keeps containers, networks and volumes as the adapters
// would, records every call, fails on cue, and lets containers exit or become healthy when the executor
// waits. Its observed() is what a next command would see, so that a test can plan, execute, and plan again.
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "scheduler/effects.hpp"
#include "scheduler/executor.hpp"
#include "scheduler/reconcile.hpp"

namespace compose::test {

class FakeClock final : public base::Clock {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point monotonic() const override { return now; }
  [[nodiscard]] std::chrono::system_clock::time_point wall() const override { return {}; }
  std::chrono::steady_clock::time_point now{std::chrono::hours{1}};
};

class FakeWorld final : public sched::Runtime,
                        public sched::Networks,
                        public sched::Volumes,
                        public sched::Progress,
                        public sched::Hooks {
 public:
  // ---- what a test says beforehand ----
  std::map<std::string, std::string> failures;                                // "start shop-web-1" -> message
  std::map<std::string, std::function<void(rt::ContainerStatus&)>> on_start;  // by service; else it just runs
  std::deque<std::function<void()>> events;  // happen one by one, whenever somebody waits
  std::set<std::string> lingering;  // "stop shop-web-1", "run true in shop-web-1": ends when nobody waits
  bool has_hooks = true;
  std::function<void()> on_call;  // before each call of an effect

  // ---- what it sees afterwards ----
  std::vector<std::string> calls;     // "start shop-web-1 shop-web-2"
  std::vector<std::string> attempts;  // the same for each element: "start shop-web-1", "start shop-web-2"
  std::vector<std::string> foreseen;  // "shop-web-1 shop-web-2", one for each call
  std::vector<std::string> progress;  // "Container shop-web-1 Started"
  FakeClock clock;

  sched::Effects effects() { return {*this, *this, *this, *this, clock, has_hooks ? this : nullptr}; }
  sched::ObservedState observed() const;
  sched::ObservedContainer& container(const std::string& name);
  rt::ContainerStatus& status_of(const std::string& name) { return container(name).status; }
  // Everything that `desired` asks for is there and runs.
  void settle(const sched::DesiredState& desired);
  sched::Outcome run(const sched::Plan& plan, const sched::DesiredState& desired,
                     sched::ExecuteOptions options = {});
  sched::Outcome up(const sched::DesiredState& desired, const sched::ReconcileOptions& options = {});

  // ---- Runtime ----
  sched::Task<std::vector<sched::Created>> create(std::span<const sched::CreateRequest> requests) override;
  sched::Task<void> start(std::span<const rt::ContainerId> ids, sched::Finished finished) override;
  void foresee(std::span<const rt::ContainerId> ids) override;
  sched::Task<void> stop(std::span<const rt::ContainerId> ids, std::optional<std::chrono::nanoseconds> grace,
                         sched::Finished finished) override;
  sched::Task<void> kill(std::span<const rt::ContainerId> ids, int signal, sched::Finished finished) override;
  sched::Task<void> remove(std::span<const rt::ContainerId> ids, bool with_anonymous_volumes,
                           sched::Finished finished) override;
  sched::Task<void> rename(std::span<const sched::RenameRequest> requests, sched::Finished finished) override;
  sched::Task<void> pause(std::span<const rt::ContainerId> ids, sched::Finished finished) override;
  sched::Task<void> unpause(std::span<const rt::ContainerId> ids, sched::Finished finished) override;
  sched::Task<void> disconnect(std::span<const rt::ContainerId> ids, const std::string& network,
                               sched::Finished finished) override;
  sched::Task<void> connect(std::span<const sched::ConnectRequest> requests,
                            sched::Finished finished) override;
  std::optional<rt::ContainerStatus> status(const rt::ContainerId& id) override;
  sched::Task<bool> status_changed(std::span<const rt::ContainerId> ids,
                                   std::chrono::steady_clock::time_point deadline) override;
  void wake_waits() override;

  // ---- Hooks, Networks, Volumes, Progress ----
  sched::Task<void> run(std::span<const sched::HookRequest> requests, sched::Finished finished) override;
  sched::Task<sched::Failure> create(const sched::DesiredNetwork& network) override;
  sched::Task<sched::Failure> create(const sched::DesiredVolume& volume) override;
  // Networks and Volumes both have this one: a name that is a network is taken for one.
  sched::Task<sched::Failure> remove(const std::string& name) override;
  void update(const std::string& object, Phase phase, const std::string& text,
              const std::string& details) override;

 private:
  using Change = std::function<void(sched::ObservedContainer&, std::size_t index)>;
  // False: some linger, and are not reported.
  bool each(const std::string& verb, std::span<const rt::ContainerId> ids, const sched::Finished& finished,
            const Change& change);
  sched::Task<void> linger();
  void happen();
  sched::Failure attempt(const std::string& what);
  void record(std::string call);
  sched::ObservedContainer made_from(const sched::DesiredService& service, int number,
                                     const std::string& name);

  std::map<rt::ContainerId, sched::ObservedContainer> containers_;
  std::map<std::string, sched::ObservedNetwork> networks_;
  std::map<std::string, sched::ObservedVolume> volumes_;
  std::map<std::string, std::string> network_names_;  // key -> name
  std::map<std::string, std::string> volume_names_;
  int next_id_ = 1;
  boost::asio::io_context context_{1};
  std::vector<boost::asio::steady_timer*> waiting_;
  bool woken_ = false;
};

// ---- builders ----

sched::DesiredState project(const std::string& name = "shop");
// A service on the network `default`, image "alpine".
sched::DesiredService& add_service(sched::DesiredState& desired, const std::string& name,
                                   std::uint32_t replicas = 1);
sched::DesiredService& find_service(sched::DesiredState& desired, const std::string& name);
void add_network(sched::DesiredState& desired, const std::string& key);
void add_volume(sched::DesiredState& desired, const std::string& key);
void depend(sched::DesiredService& service, const std::string& on,
            sched::Condition condition = sched::Condition::started);
void check_health(sched::DesiredService& service);

}  // namespace compose::test
