#pragma once
// The world as the executor sees it: narrow interfaces, implemented by compose/adapters on top of the rooms,
// and by fakes in tests. Everything takes a batch, because a batch of one kind is one conversation with the
// kernel and one transaction of the state; results come back per element, and a failed one does not stop its
// neighbours.
//
// Runs in the CLI's process, on its one thread.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/clock.hpp"
#include "scheduler/desired_state.hpp"
#include "scheduler/observed_state.hpp"

namespace compose::sched {

template <class T>
using Task = boost::asio::awaitable<T>;

// nullopt: done. A message: why this one was not, without its name in front.
using Failure = std::optional<std::string>;

// A Failure of Networks::remove or Volumes::remove with this text is a warning, not an error.
inline constexpr std::string_view k_still_in_use = "Resource is still in use";

struct CreateRequest {
  const DesiredService* service = nullptr;
  int number = 0;
  std::string name;
  // Anonymous volumes and leased addresses are taken over from it (it is still there, maybe running), so that
  // a recreated replica keeps its address.
  std::optional<rt::ContainerId> replaces;
  bool renew_anonymous_volumes = false;  // with `replaces`: take over the addresses alone
  // For each service whose namespaces or volumes are shared (DesiredService::volumes_from,
  // NamespaceSpec::container "service:NAME" in the template): the container that stands for it.
  std::vector<std::pair<std::string, rt::ContainerId>> peers;
};

struct ConnectRequest {
  rt::ContainerId id;
  // nullptr: not in the desired state; only its service name is its alias.
  const DesiredService* service = nullptr;
  std::string network;  // key of a DesiredNetwork
};

struct RenameRequest {
  rt::ContainerId id;
  std::string name;
};

struct Created {
  rt::ContainerId id;
  Failure failure;
};

// Called as soon as the element with this index is done, before the whole batch is.
using Finished = std::function<void(std::size_t index, const Failure&)>;

struct Runtime {
  virtual ~Runtime() = default;
  // Durable: an id, addresses, a writable layer, a row. Nothing runs yet.
  virtual Task<std::vector<Created>> create(std::span<const CreateRequest> requests) = 0;
  // Namespaces, links, names, ports and the process. Done when exec has happened.
  virtual Task<void> start(std::span<const rt::ContainerId> ids, Finished finished) = 0;
  // These will be started as soon as those that start() is called for next are up: what nobody can see may be
  // done ahead. No promise: they may never be started.
  virtual void foresee(std::span<const rt::ContainerId> ids) = 0;
  // Stop signal, grace period (nullopt: the container's own), then SIGKILL. Done when nothing of it runs. On
  // wake_waits() this and kill() return at once: those that have not ended are not reported, and are ended by
  // their supervisors, without anybody waiting.
  virtual Task<void> stop(std::span<const rt::ContainerId> ids, std::optional<std::chrono::nanoseconds> grace,
                          Finished finished) = 0;
  virtual Task<void> kill(std::span<const rt::ContainerId> ids, int signal, Finished finished) = 0;
  virtual Task<void> remove(std::span<const rt::ContainerId> ids, bool with_anonymous_volumes,
                            Finished finished) = 0;
  virtual Task<void> rename(std::span<const RenameRequest> requests, Finished finished) = 0;
  virtual Task<void> pause(std::span<const rt::ContainerId> ids, Finished finished) = 0;
  virtual Task<void> unpause(std::span<const rt::ContainerId> ids, Finished finished) = 0;
  // Of containers that do not run: gives up their place on a network, or takes a new one (addresses leased
  // again).
  virtual Task<void> disconnect(std::span<const rt::ContainerId> ids, const std::string& network,
                                Finished finished) = 0;
  virtual Task<void> connect(std::span<const ConnectRequest> requests, Finished finished) = 0;
  // The status now; absent: there is no such container.
  virtual std::optional<rt::ContainerStatus> status(const rt::ContainerId& id) = 0;
  // Returns when the status of any of them may have changed since it was last asked for with status(), or at
  // the deadline (false; time_point::max(): none), or on wake_waits(). Never polls.
  virtual Task<bool> status_changed(std::span<const rt::ContainerId> ids,
                                    std::chrono::steady_clock::time_point deadline) = 0;
  // Every status_changed(), stop() and kill() under way returns soon, whether something changed or not: the
  // command is to end.
  virtual void wake_waits() = 0;
};

struct HookRequest {
  rt::ContainerId id;
  const HookSpec* hook = nullptr;
};

// Commands inside running containers. A Failure reads "exited with status 127"; whose hook
// it is and its command are put in front.
struct Hooks {
  virtual ~Hooks() = default;
  virtual Task<void> run(std::span<const HookRequest> requests, Finished finished) = 0;
  // Every run() under way returns soon; commands that have not ended go on and are not reported.
  virtual void wake_waits() = 0;
};

struct Networks {
  virtual ~Networks() = default;
  virtual Task<Failure> create(
      const DesiredNetwork& network) = 0;  // idempotent: also repairs a half-made one
  virtual Task<Failure> remove(const std::string& name) = 0;
};

struct Volumes {
  virtual ~Volumes() = default;
  virtual Task<Failure> create(const DesiredVolume& volume) = 0;
  virtual Task<Failure> remove(const std::string& name) = 0;
};

// What a person sees happen. `object` is "Container shop-web-1", "Network shop_default"; `text` one of the
// words of the reference ("Creating", "Created", "Error" ...), `details` what follows it.
struct Progress {
  virtual ~Progress() = default;
  enum class Phase : std::uint8_t { working, done, warning, error };
  virtual void update(const std::string& object, Phase phase, const std::string& text,
                      const std::string& details) = 0;
};

struct Effects {
  Runtime& runtime;
  Networks& networks;
  Volumes& volumes;
  Progress& progress;
  base::Clock& clock;
  Hooks* hooks = nullptr;  // nullptr: a plan with hooks fails at them
};

}  // namespace compose::sched
