#pragma once
// One container under its shim, from the start request to the last status. Single-threaded; lives in the shim
// process.
//
// States: created --exec ok--> running <--> paused;  running --init ends--> restarting --back-off over-->
// running ...
//         running --init ends, no restart--> exited (the loop ends and the shim with it).
// A stop may come at any time: while running it signals, after the grace it kills; while restarting it ends
// the waiting. Only this class decides; parts (pumps, health, execs, relays, control connections) tell it
// what happened.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime-shim/cgroup/container_cgroup.hpp"
#include "runtime-shim/cgroup/supervisor_cgroup.hpp"
#include "runtime-shim/shim/event_loop.hpp"
#include "runtime-shim/shim/host_facts.hpp"
#include "runtime-shim/shim/log_writer.hpp"
#include "runtime-shim/shim/output_pump.hpp"
#include "runtime-shim/shim/prepare.hpp"
#include "runtime-shim/shim/restart_policy.hpp"
#include "runtime-shim/shim/spawn_child.hpp"
#include "runtime-shim/shim/start_message.hpp"
#include "runtime-shim/shim/status_file.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::rt {

class ControlServer;
class HealthMonitor;
class Names;
class PortRelay;

class Container {
 public:
  Container(const HostFacts& facts, StartMessage message);
  ~Container();
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;

  // Up to exec. Error or StartFailed: it did not come up; everything made is removed again and the status
  // says so.
  void start();
  // Until it has ended for good.
  void run();

  // ---- for the parts ----
  void kill(int signal);
  void stop(std::optional<std::chrono::nanoseconds> grace, int signal);
  void pause();
  void unpause();
  // Called once, with the exit code, when the container has ended for good.
  void when_ended(std::function<void(int exit_code)> action) { ended_actions_.push_back(std::move(action)); }
  // A process inside the container. `stdio`: -1 is /dev/null. `finished` gets the exit code; not called after
  // cancel_exec.
  SpawnedChild exec(const ProcessRequest& request, const int (&stdio)[3],
                    std::function<void(int exit_code)> finished);
  void kill_exec(pid_t pid);  // its process group; it is still reaped
  // The descriptor for input, and copies of the output.
  base::UniqueFd attach(base::UniqueFd output, base::UniqueFd error, bool close_stdin_after);
  // Its pipe gets the lines from now on (followers.hpp).
  void follow(base::UniqueFd pipe);
  void set_health(Health health, std::string output);

  [[nodiscard]] const ContainerSpec& spec() const noexcept { return message_.spec; }
  [[nodiscard]] const ContainerStatus& status() const noexcept { return status_; }
  [[nodiscard]] EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return status_.warnings; }

 private:
  struct Signals final : EventLoop::Source {
    explicit Signals(Container& c) : container(c) {}
    void ready(std::uint32_t events) override;
    Container& container;
  };

  void watch_signals();
  void make_cgroup();
  Pauses pauses();
  int take_network(int process);
  void wait_for_turn(const SpawnedChild& init);
  void open_names();
  void publish_names();
  void start_init();
  base::UniqueFd donor_namespace(const ContainerId& donor, const char* name, int type) const;
  void prepare_stdio(PreparedProcess& process);
  void take_terminal(base::UniqueFd master);
  void started(SpawnedChild init);
  void reap();
  void init_ended(int exit_code);
  void finish(int exit_code);
  void release();
  void schedule_restart(std::chrono::milliseconds delay);
  void restart();
  void end_waiting();
  void write_status();
  void rest_soon();

  const HostFacts& facts_;
  StartMessage message_;
  EventLoop loop_;
  Signals signals_{*this};
  base::UniqueFd signal_fd_;
  RunDirectory run_;
  ContainerCgroup cgroup_;
  SupervisorCgroup supervisor_cgroup_;
  ContainerStatus status_;
  RestartBackoff backoff_;
  SeccompProgram own_seccomp_;
  LogWriter log_;
  Followers followers_{loop_};
  OutputPump output_;
  OutputPump error_;
  base::UniqueFd child_ends_[3];  // of init's stdio, until it is cloned
  base::UniqueFd input_;          // pty master or the write end of the stdin pipe
  std::unique_ptr<Names> names_;
  std::unique_ptr<PortRelay> relay_;
  std::unique_ptr<HealthMonitor> health_;
  std::unique_ptr<ControlServer> control_;
  SpawnedChild init_;
  std::chrono::steady_clock::time_point started_at_;
  bool stopping_ = false;  // asked to, or told by its stop signal: no restart follows
  bool ended_ = false;
  EventLoop::TimerId grace_timer_ = 0;
  EventLoop::TimerId restart_timer_ = 0;
  EventLoop::TimerId rest_timer_ = 0;
  std::map<pid_t, std::function<void(int)>> execs_;
  std::vector<std::function<void(int)>> ended_actions_;
};

}  // namespace compose::rt
