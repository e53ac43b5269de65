#pragma once
// sched::Runtime on top of the rooms: rows in the state database, addresses and namespaces of net, layers of
// images, shims. Runs in the CLI's process, on its one thread. Every step leaves the database saying at least
// what the kernel holds, so that whatever a killed command left is found: rows come before directories,
// `removing` before anything is taken away.
//
// start() is a pipeline: while one container's network namespace is built here, its own shim and the next one
// make cgroups and root filesystems, and those before are executing already. The network follows over the
// lane (runtime-shim/spec/start_request.hpp). Those whose turn comes next (foresee) are got ready meanwhile,
// up to exec, and stand at a gate until they are started.
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.hpp"
#include "compose/adapters/leftovers.hpp"
#include "compose/adapters/new_container.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/state.hpp"
#include "compose/adapters/status_tracker.hpp"
#include "net/network_manager.hpp"
#include "net/port_publisher.hpp"
#include "runtime-shim/client/launcher.hpp"
#include "runtime-shim/client/remains.hpp"
#include "runtime-shim/client/shim_client.hpp"
#include "scheduler/effects.hpp"

namespace compose::adapters {

using sched::Failure;
using sched::Finished;
using sched::Task;

// The layers of an image by its id, top first. Error when it is not there any more.
using LayersOf = std::function<std::vector<base::HostPath>(const std::string& image_id)>;

struct RuntimeParts {
  boost::asio::any_io_executor executor;
  State& state;
  net::NetworkManager& networks;
  net::PortPublisher& ports;
  LayersOf layers_of;
  Paths paths;
  base::Clock& clock;
  const sched::DesiredState* desired = nullptr;  // for create() and connect()
  std::function<int()> project_lock;             // its descriptor; see project_lock.hpp
};

// A container that is not a replica (`run`).
struct OneOffRequest {
  const sched::DesiredService* service = nullptr;
  std::string name;
  bool use_aliases = false;
  std::vector<std::pair<std::string, rt::ContainerId>> peers;
};

class RuntimeAdapter final : public sched::Runtime {
 public:
  explicit RuntimeAdapter(RuntimeParts parts);
  ~RuntimeAdapter() override;

  Task<std::vector<sched::Created>> create(std::span<const sched::CreateRequest> requests) override;
  Task<void> start(std::span<const ContainerId> ids, Finished finished) override;
  void foresee(std::span<const ContainerId> ids) override;
  Task<void> stop(std::span<const ContainerId> ids, std::optional<std::chrono::nanoseconds> grace,
                  Finished finished) override;
  Task<void> kill(std::span<const ContainerId> ids, int signal, Finished finished) override;
  Task<void> remove(std::span<const ContainerId> ids, bool with_anonymous_volumes,
                    Finished finished) override;
  Task<void> rename(std::span<const sched::RenameRequest> requests, Finished finished) override;
  Task<void> pause(std::span<const ContainerId> ids, Finished finished) override;
  Task<void> unpause(std::span<const ContainerId> ids, Finished finished) override;
  Task<void> disconnect(std::span<const ContainerId> ids, const std::string& network,
                        Finished finished) override;
  Task<void> connect(std::span<const sched::ConnectRequest> requests, Finished finished) override;
  std::optional<rt::ContainerStatus> status(const ContainerId& id) override;
  Task<bool> status_changed(std::span<const ContainerId> ids,
                            std::chrono::steady_clock::time_point deadline) override;
  void wake_waits() override;

  // Containers will be started: their launcher gets ready while networks and rows are made.
  void expect_starts();
  // Containers whose turn did not come keep nothing in the kernel.
  Task<void> give_up_unstarted();

  ContainerId create_one_off(const OneOffRequest& request);
  // Asked for each container that is about to be started: a pipe's write end for its lines, or none.
  void followers_at_start(std::function<base::UniqueFd(const ContainerId&)> ask) {
    follower_ = std::move(ask);
  }
  // Copies of the output of this container, from its first byte on; for `run`.
  void tee_at_start(const ContainerId& id, base::UniqueFd output, base::UniqueFd error);
  // Exit code of the last refused start: 127, 126 or 125.
  [[nodiscard]] int start_exit_code() const noexcept { return start_exit_code_; }

 private:
  struct Order;     // a create request of either kind
  struct Starting;  // a container between "to be started" and its report
  using Startings = std::vector<std::shared_ptr<Starting>>;
  std::vector<NewContainer> create_rows(std::span<const Order> orders);
  NewContainer draft(const Order& order);
  void lease_addresses(std::vector<NewContainer>& drafts, std::span<const Order> orders);
  void make_directories(const NewContainer& container);
  const std::vector<base::HostPath>& layers(const std::string& image);
  std::vector<MountedVolume> inherited_volumes(const ContainerId& from);
  const rt::ContainerSpec& spec(const ContainerId& id);

  std::shared_ptr<Starting> prepare_start(const ContainerId& id);
  Task<std::shared_ptr<Starting>> take_readied(const ContainerId& id);
  void reserve_ports(Starting& starting);
  void record_start(const Startings& all);
  void forget_start(const Startings& all);
  rt::Launcher& launcher();
  net::Sandbox take_sandbox(const ContainerId& id, const std::vector<net::Lease>& leases);
  bool work_ahead();
  void build_ahead(const ContainerId& id);
  [[nodiscard]] bool can_stand_ready(const rt::ContainerSpec& spec) const;
  void get_ready(const ContainerId& id);
  rt::StartRequest start_request(Starting& starting);
  void submit(const std::shared_ptr<Starting>& starting);
  bool give_next_network();
  void give_network(Starting& starting);
  void let_through(Starting& starting);
  Task<void> all_reported(const Startings& all, const Finished& finished);
  Task<void> report_comes();
  Task<void> publish(const Startings& all);
  Task<void> stop_quietly(ContainerId id);

  template <class Operation>
  Task<void> each(std::span<const ContainerId> ids, Finished finished, Operation operation);
  template <class Operation>
  Task<void> each_until_woken(std::span<const ContainerId> ids, Finished finished, Operation operation);
  void connect_one(const sched::ConnectRequest& request);
  Task<void> forget_unstarted(std::span<const ContainerId> ids);
  [[nodiscard]] Rooms rooms() { return {parts_.state, parts_.networks, parts_.ports, parts_.paths}; }

  RuntimeParts parts_;
  rt::Remains remains_;
  std::unique_ptr<rt::Launcher> launcher_;
  StatusTracker tracker_;
  std::set<rt::ShimClient*> awaited_;  // wake_waits() ends these conversations
  std::uint64_t wakes_ = 0;
  boost::asio::steady_timer report_came_;                      // never expires; cancelled for each report
  std::map<ContainerId, rt::ContainerSpec> specs_;             // of this command; spares reading them back
  std::map<std::string, std::vector<base::HostPath>> layers_;  // the same, by image
  std::deque<ContainerId> unstarted_;                          // created by this command
  std::set<ContainerId> fresh_;                                // the same; no start of them was tried
  std::deque<ContainerId> foreseen_;                           // their turn comes next
  std::map<ContainerId, net::Sandbox> built_ahead_;
  std::map<ContainerId, std::shared_ptr<Starting>> readied_;  // at their gates
  // Submitted, and their supervisors at work. No more than this wait while networks are made one after the
  // other: supervisors of a whole batch at once would take the processors from whoever makes them.
  static constexpr std::size_t k_most_networks_due = 2;
  std::deque<std::shared_ptr<Starting>> networks_due_;
  std::map<ContainerId, std::pair<base::UniqueFd, base::UniqueFd>> tees_;
  std::function<base::UniqueFd(const ContainerId&)> follower_;
  int start_exit_code_ = 125;
};

}  // namespace compose::adapters
