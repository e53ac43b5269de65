// Starts that are asked for ahead of time: everything stands ready, and nothing can be seen of it.
#include <csignal>
#include <fcntl.h>
#include <linux/sockios.h>
#include <optional>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "runtime-shim/cgroup/container_cgroup.hpp"
#include "runtime-shim/client/start_lane.hpp"
#include "scratch_world.hpp"

using namespace compose;
using test::ScratchWorld;
using namespace std::chrono_literals;

namespace {

enum class WaitsFor : std::uint8_t { turn, network, both };

// A container on its way, up to where it waits.
struct GatedStart {
  GatedStart(ScratchWorld& scratch, rt::ContainerSpec container, WaitsFor waits = WaitsFor::turn)
      : world(scratch), spec(std::move(container)) {
    auto [ours, theirs] = rt::StartLane::make();
    lane = std::move(ours);
    rt::StartRequest request;
    request.spec = spec;
    request.lane = std::move(theirs);
    request.networked = waits != WaitsFor::turn;
    request.gated = waits != WaitsFor::network;
    world.started.push_back(spec.id);
    world.launcher->submit(std::move(request), [this](const rt::StartReport& r) { report = r; });
  }

  void wait_for_report() {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (!report && std::chrono::steady_clock::now() < deadline) {
      world.context.restart();
      world.context.run_one_for(100ms);
    }
    REQUIRE(report);
  }

  [[nodiscard]] std::vector<pid_t> processes() const {
    const std::string path = base::text("/{}/{}/{}", world.paths.cgroup_root(), spec.project, spec.id.str());
    return rt::ContainerCgroup{layout, path}.processes();
  }

  // The process that waits before exec; 0 when there is none after a while. It has the image's users.
  [[nodiscard]] pid_t process() const { return sleeping_with("root/etc/passwd", "alice"); }

  // The process that waits for its network; 0 when there is none after a while. Its root is attached and has
  // the mounts that need none.
  [[nodiscard]] pid_t awaits_network() const { return sleeping_with("mountinfo", "/etc/hostname "); }

  void let_through() { lane->let_through(); }

  void send_network(const base::UniqueFd& network) { lane->send_network(network, {}); }

  ScratchWorld& world;
  rt::CgroupLayout layout = rt::detect_layout();
  rt::ContainerSpec spec;
  std::optional<rt::StartLane> lane;
  std::optional<rt::StartReport> report;

 private:
  [[nodiscard]] pid_t sleeping_with(const char* file, const char* text) const {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    for (; std::chrono::steady_clock::now() < deadline; ::usleep(1000))
      for (const pid_t pid : processes()) {
        const auto has = [pid](const char* name, const char* what) {
          const base::HostPath path{base::text("/proc/{}/{}", pid, name)};
          return base::read_file_if_exists(path).value_or("").find(what) != std::string::npos;
        };
        if (has(file, text) && has("status", "State:\tS")) return pid;
      }
    return 0;
  }
};

base::UniqueFd own_network() {
  return base::sys::open(base::HostPath{"/proc/self/ns/net"}, O_RDONLY);
}

// A network namespace with a bridge "there0" in it.
base::UniqueFd make_network() {
  const auto home = own_network();
  REQUIRE(::unshare(CLONE_NEWNET) == 0);
  auto made = own_network();
  const base::UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  const bool linked = ::ioctl(socket.get(), SIOCBRADDBR, "there0") == 0;
  REQUIRE(::setns(home.get(), CLONE_NEWNET) == 0);
  REQUIRE(linked);
  return made;
}

}  // namespace

TEST_SUITE("runtime/gate") {
  TEST_CASE("a gated start is ready, does not run, and runs when it is let through") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"sh", "-c", "echo through"})};
    CHECK(start.process() != 0);
    world.context.run_for(100ms);
    CHECK_FALSE(start.report);
    CHECK(world.status(start.spec.id).value().state == rt::ContainerState::created);
    CHECK(world.output(start.spec.id) == "");
    start.let_through();
    start.wait_for_report();
    CHECK(start.report->error == "");
    CHECK(world.wait(start.spec.id) == 0);
    CHECK(world.output(start.spec.id) == "through\n");
  }

  TEST_CASE("a start that is taken back leaves nothing, and can be asked for again") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"true"})};
    const pid_t process = start.process();
    REQUIRE(process != 0);
    start.lane.reset();
    start.wait_for_report();
    CHECK(start.report->error == "the start was taken back");
    CHECK(::kill(process, 0) == -1);
    CHECK_FALSE(base::sys::exists(world.paths.run_directory(start.spec.id)));
    CHECK(start.processes().empty());
    CHECK(world.run(start.spec) == 0);
  }

  TEST_CASE("a process that ends at the gate is an error of its start") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"true"})};
    const pid_t process = start.process();
    REQUIRE(process != 0);
    REQUIRE(::kill(process, SIGKILL) == 0);
    while (::kill(process, 0) == 0) ::usleep(1000);
    start.let_through();
    start.wait_for_report();
    CHECK(start.report->error == "the process ended before its start");
  }

  TEST_CASE(
      "what fails ahead of its turn is said when the turn comes, and is the end of the container then") {
    ScratchWorld world;
    auto spec = world.spec({"true"});
    spec.process.user = "nosuch";
    GatedStart start{world, spec, WaitsFor::both};
    start.send_network(own_network());
    world.context.run_for(200ms);
    CHECK_FALSE(start.report);
    start.let_through();
    start.wait_for_report();
    CHECK_FALSE(start.report->ok);
    CHECK(world.status(spec.id)->state == rt::ContainerState::exited);
    CHECK(world.status(spec.id)->exit_code == 125);

    spec = world.spec({"true"});
    spec.process.user = "nosuch";
    GatedStart taken_back{world, spec};
    taken_back.lane.reset();
    taken_back.wait_for_report();
    CHECK_FALSE(taken_back.report->ok);
    CHECK_FALSE(base::sys::exists(world.paths.run_directory(spec.id)));
  }

  TEST_CASE("a gate that is open already holds nothing up") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"true"})};
    start.let_through();
    start.wait_for_report();
    CHECK(start.report->ok);
    GatedStart second{world, world.spec({"nope"})};
    second.let_through();
    second.wait_for_report();
    CHECK(second.report->error == "exec 'nope': executable file not found in $PATH");
    CHECK(second.report->exit_code == 127);
  }

  TEST_CASE("a start waits for its network, goes on when it comes, and sees that one") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"sh", "-c", "ls /sys/class/net"}), WaitsFor::network};
    CHECK(start.awaits_network() != 0);
    world.context.run_for(100ms);
    CHECK_FALSE(start.report);
    start.send_network(make_network());
    start.wait_for_report();
    CHECK(start.report->error == "");
    CHECK(world.wait(start.spec.id) == 0);
    CHECK(world.output(start.spec.id) == "lo\nthere0\n");
  }

  TEST_CASE("a process that ends while it waits for its network is an error of its start") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"true"}), WaitsFor::network};
    const pid_t process = start.awaits_network();
    REQUIRE(process != 0);
    REQUIRE(::kill(process, SIGKILL) == 0);
    start.wait_for_report();
    CHECK(start.report->error == "the process ended before its start");
  }

  TEST_CASE("a start whose network does not come leaves nothing, and can be asked for again") {
    for (const WaitsFor what : {WaitsFor::network, WaitsFor::both}) {
      ScratchWorld world;
      GatedStart start{world, world.spec({"true"}), what};
      CHECK(start.awaits_network() != 0);
      start.lane.reset();
      start.wait_for_report();
      CHECK(start.report->error == "the start was taken back");
      CHECK_FALSE(base::sys::exists(world.paths.run_directory(start.spec.id)));
      CHECK(start.processes().empty());
      CHECK(world.run(start.spec) == 0);
    }
  }

  TEST_CASE("what fails before the network has come is the end of the container, and is said") {
    ScratchWorld world;
    auto spec = world.spec({"true"});
    spec.process.user = "nosuch";
    GatedStart start{world, spec, WaitsFor::network};
    start.wait_for_report();
    CHECK_FALSE(start.report->ok);
    const auto status = world.status(spec.id);
    REQUIRE(status);
    CHECK(status->state == rt::ContainerState::exited);
    CHECK(status->exit_code == 125);
    CHECK(status->error == start.report->error);
  }

  TEST_CASE("a mount that fails while the network is awaited is told, and tried again at the next start") {
    ScratchWorld world;
    auto spec = world.spec({"true"});
    const base::HostPath in_the_way = spec.rootfs.upper / "etc";
    base::sys::make_directories(spec.rootfs.upper);
    base::write_file_atomically(in_the_way, "");
    GatedStart start{world, spec, WaitsFor::network};
    start.wait_for_report();
    CHECK(start.report->error.ends_with("on '/etc/resolv.conf': Not a directory"));
    CHECK(world.status(spec.id)->exit_code == 125);
    CHECK(start.processes().empty());
    base::sys::remove_tree(in_the_way);
    CHECK(world.run(spec) == 0);
  }

  TEST_CASE("a network, and then the turn") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"echo", "through"}), WaitsFor::both};
    start.send_network(own_network());
    CHECK(start.process() != 0);
    CHECK_FALSE(start.report);
    start.let_through();
    start.wait_for_report();
    CHECK(start.report->ok);
    CHECK(world.wait(start.spec.id) == 0);
    CHECK(world.output(start.spec.id) == "through\n");
  }

  TEST_CASE("a restart waits neither for its network nor at the gate again") {
    ScratchWorld world;
    auto spec = world.spec(
        {"sh", "-c", "ls /sys/class/net; echo run >> /data/runs; test $(wc -l < /data/runs) -ge 2"});
    spec.restart = {.mode = rt::RestartMode::on_failure};
    GatedStart start{world, spec, WaitsFor::both};
    start.send_network(make_network());
    start.let_through();
    start.wait_for_report();
    CHECK(world.wait(spec.id) == 0);
    CHECK(world.status(spec.id)->restarts == 1);
    CHECK(world.output(spec.id) == "lo\nthere0\nlo\nthere0\n");
  }
}
