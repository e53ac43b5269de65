// How the container's first process comes to be: everything up to exec, at the start and at each restart.
#include <csignal>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/fault.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/rootfs/overlay.hpp"
#include "runtime-shim/shim/container.hpp"
#include "runtime-shim/shim/control_server.hpp"
#include "runtime-shim/shim/health_monitor.hpp"
#include "runtime-shim/shim/names.hpp"
#include "runtime-shim/shim/pid_namespace.hpp"
#include "runtime-shim/shim/port_relay.hpp"
#include "runtime-shim/shim/start_lane.hpp"
#include "runtime-shim/spec/status_codec.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;

std::string cgroup_path(const StartMessage& m) {
  return base::text("/{}/{}/{}", m.header.cgroup_root, m.spec.project, m.spec.id.str());
}

}  // namespace

Container::Container(const HostFacts& facts, StartMessage message)
    : facts_(facts),
      message_(std::move(message)),
      run_(message_.header.run_root, message_.spec.id),
      cgroup_(facts.cgroups, cgroup_path(message_)),
      supervisor_cgroup_(facts.cgroups, message_.header.cgroup_root),
      backoff_(message_.spec.restart),
      log_(message_.header.log_directory, message_.spec.log),
      output_(loop_, log_, followers_, "stdout"),
      error_(loop_, log_, followers_, "stderr") {
  followers_.when_changed([this] {
    output_.watch();
    error_.watch();
  });
  status_.shim_pid = ::getpid();
  status_.cgroup = cgroup_.path();
}

Container::~Container() = default;

void Container::start() {
  base::ScopeExit undo{[this] { release(); }};
  try {
    watch_signals();
    supervisor_cgroup_.join_v1();
    control_ = std::make_unique<ControlServer>(*this, run_.listen("control"));
    make_cgroup();
    if (message_.header.tee_output) {
      output_.add_tee(std::move(message_.tee[0]));
      error_.add_tee(std::move(message_.tee[1]));
    }
    if (message_.follower) followers_.add(std::move(message_.follower));
    start_init();
  } catch (const base::Error& e) {
    // A start that was asked for ahead of its turn fails when its turn has come.
    const bool asked = !message_.header.gated || !message_.lane || turn_comes(message_.lane.get());
    if (!asked || dynamic_cast<const StartTakenBack*>(&e) != nullptr) {  // it never was
      release();
      undo.dismiss();
      run_.remove_all();
      throw;
    }
    const auto* failed = dynamic_cast<const StartFailed*>(&e);
    status_.state = ContainerState::exited;
    status_.exit_code = failed != nullptr ? failed->exit_code() : 125;
    status_.error = e.what();
    status_.finished_at = base::wall_nanoseconds();
    write_status();
    throw;
  }
  undo.dismiss();
}

void Container::make_cgroup() {
  std::vector<DeviceRule> allowed = allowed_devices(spec().security, device_numbers(spec().security));
  // The last container of the project may be removing the directory above at this moment.
  constexpr int k_attempts = 5;
  for (int attempt = 1;; ++attempt) {
    try {
      return cgroup_.create(spec().resources, allowed, status_.warnings);
    } catch (const base::SysError& e) {
      if ((e.code() != ENOENT && e.code() != ENODEV) || attempt == k_attempts) throw;
      ensure_project_cgroups(facts_.cgroups, message_.header.cgroup_root, spec().project);
    }
  }
}

void Container::start_init() {
  RootfsSpec rootfs = spec().rootfs;
  if (!message_.header.mount_points.empty())
    rootfs.lower.insert(rootfs.lower.begin(), message_.header.mount_points);
  const auto root = open_rootfs(rootfs);
  const PreparedWorld world = prepare_world(message_, facts_, run_, cgroup_, root.get());
  PreparedChild child;
  std::vector<std::string> warnings;
  child.process = prepare_process(request_of(spec().process, spec().security.privileged), spec(), facts_,
                                  root.get(), own_seccomp_, warnings);
  if (backoff_.restarts() == 0)
    status_.warnings.insert(status_.warnings.end(), warnings.begin(), warnings.end());
  child.world = &world;
  const CgroupEntrance entrance = cgroup_.entrance();
  for (const auto& file : entrance.task_files) child.task_files.push_back(file.get());
  prepare_stdio(child.process);
  // Others see this process from its first moment: it is not to wait among them with the host's root.
  if (spec().security.pid.mode == NamespaceMode::shared && message_.header.networked &&
      !message_.network_namespace)
    take_network(-1);
  std::vector<base::UniqueFd> donors;
  std::uint64_t flags = CLONE_NEWNS;
  const auto arrange = [&](const NamespaceSpec& ns, const char* name, int type) {
    if (ns.mode == NamespaceMode::private_) flags |= static_cast<std::uint64_t>(type);
    if (ns.mode != NamespaceMode::shared) return;
    donors.push_back(donor_namespace(ns.container, name, type));
    if (type != CLONE_NEWPID) child.namespaces.push_back({donors.back().get(), type});
  };
  const auto& security = spec().security;
  arrange(security.ipc, "ipc", CLONE_NEWIPC);
  arrange(security.uts, "uts", CLONE_NEWUTS);
  if (message_.network_namespace)
    child.namespaces.push_back({message_.network_namespace.get(), CLONE_NEWNET});
  else if (!message_.header.networked)
    arrange(security.network, "net", CLONE_NEWNET);
  arrange(security.pid, "pid", CLONE_NEWPID);
  std::optional<PidNamespaceForChildren> shared_pid;
  if (security.pid.mode == NamespaceMode::shared) shared_pid.emplace(donors.back().get());
  const Pauses pauses = this->pauses();
  if (!pauses.await_network && !names_) open_names();
  if (!pauses.await_network && !pauses.at_gate) publish_names();
  started(spawn_child(std::move(child), {.new_namespaces = flags, .cgroup = entrance.unified.get()}, pauses));
}

void Container::open_names() {
  relay_ = std::make_unique<PortRelay>(loop_, message_);
  names_ = std::make_unique<Names>(loop_, message_);
}

void Container::publish_names() {
  names_->publish();
  base::fault_point("shim.names_published");
}

// At the first start only: a restarted container keeps its network, and nobody asks when its turn comes.
Pauses Container::pauses() {
  Pauses out;
  if (message_.header.networked && !message_.network_namespace)
    out.await_network = [this](const SpawnedChild& init) { return take_network(init.pidfd.get()); };
  if (message_.header.gated && message_.lane)
    out.at_gate = [this](const SpawnedChild& init) { wait_for_turn(init); };
  return out;
}

int Container::take_network(int process) {
  base::fault_point("shim.before_network");
  auto network = receive_network(message_.lane.get(), process);
  message_.network_namespace = std::move(network.network_namespace);
  message_.dns_sockets = std::move(network.dns_sockets);
  open_names();
  if (!message_.header.gated) {
    message_.lane.reset();
    publish_names();
  }
  return message_.network_namespace.get();
}

// Nobody finds the container by name before it is let through.
void Container::wait_for_turn(const SpawnedChild& init) {
  base::fault_point("shim.at_gate");
  wait_at_gate(message_.lane.get(), init.pidfd.get());
  message_.lane.reset();
  publish_names();
}

base::UniqueFd Container::donor_namespace(const ContainerId& donor, const char* name, int type) const {
  const HostPath directory = message_.header.run_root / donor.str();
  const auto status = read_status_file(directory);
  if (!status || status->init_pid == 0 || !run_directory_is_alive(directory))
    base::fail("container {} whose namespaces are shared is not running", donor.short_form());
  auto ns = sys::open(HostPath{base::text("/proc/{}/ns/{}", status->init_pid, name)}, O_RDONLY);
  // Still alive after opening: the number was its own all the time.
  if (!run_directory_is_alive(directory) || ::ioctl(ns.get(), NS_GET_NSTYPE) != type)
    base::fail("container {} whose namespaces are shared is not running", donor.short_form());
  return ns;
}

void Container::prepare_stdio(PreparedProcess& process) {
  if (message_.header.direct_stdio) {
    for (int i = 0; i < 3; ++i) process.stdio[i] = message_.stdio[i].get();
    return;
  }
  if (process.terminal) return;
  auto out = sys::make_pipe();
  auto err = sys::make_pipe();
  output_.open(std::move(out.read_end));
  error_.open(std::move(err.read_end));
  child_ends_[1] = std::move(out.write_end);
  child_ends_[2] = std::move(err.write_end);
  if (spec().process.stdin_open) {
    auto in = sys::make_pipe();
    child_ends_[0] = std::move(in.read_end);
    input_ = std::move(in.write_end);
  }
  for (int i = 0; i < 3; ++i) process.stdio[i] = child_ends_[i].get();
}

void Container::take_terminal(base::UniqueFd master) {
  input_ = sys::duplicate(master.get());
  output_.open(std::move(master));
}

void Container::started(SpawnedChild init) {
  for (auto& end : child_ends_) end.reset();
  init_ = std::move(init);
  if (init_.terminal) take_terminal(std::move(init_.terminal));
  started_at_ = std::chrono::steady_clock::now();
  status_.state = ContainerState::running;
  status_.init_pid = init_.pid;
  status_.started_at = base::wall_nanoseconds();
  status_.restarts = backoff_.restarts();
  status_.error.clear();
  if (spec().health && !spec().health->test.empty()) {
    status_.health = Health::starting;
    health_ = std::make_unique<HealthMonitor>(*this, *spec().health);
  }
  write_status();
  base::fault_point("shim.running");
}

SpawnedChild Container::exec(const ProcessRequest& request, const int (&stdio)[3],
                             std::function<void(int)> finished) {
  if (status_.state == ContainerState::paused) throw StartFailed("the container is paused", 125);
  if (status_.state != ContainerState::running) throw StartFailed("the container is not running", 125);
  const auto root = sys::open(HostPath{base::text("/proc/{}/root", init_.pid)}, O_PATH | O_DIRECTORY);
  PreparedChild child;
  std::vector<std::string> warnings;
  child.process = prepare_process(request, spec(), facts_, root.get(), own_seccomp_, warnings);
  for (int i = 0; i < 3; ++i) child.process.stdio[i] = stdio[i];
  const CgroupEntrance entrance = cgroup_.entrance();
  for (const auto& file : entrance.task_files) child.task_files.push_back(file.get());
  const PidNamespaceForChildren inside{init_.pidfd.get()};
  SpawnedChild process =
      spawn_child(std::move(child), {.cgroup = entrance.unified.get(), .visited = init_.pidfd.get()});
  execs_.emplace(process.pid, std::move(finished));
  return process;
}

}  // namespace compose::rt
