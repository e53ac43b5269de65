// Starts that are asked for ahead of time: everything stands ready, and nothing can be seen of it.
#include <csignal>
#include <fcntl.h>
#include <optional>
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

  // The process that waits before exec; 0 when there is none after a while. It has the image's users and
  // sleeps.
  [[nodiscard]] pid_t process() const {
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    for (; std::chrono::steady_clock::now() < deadline; ::usleep(1000))
      for (const pid_t pid : processes()) {
        const auto file = [pid](const char* name) {
          return base::read_file_if_exists(base::HostPath{base::text("/proc/{}/{}", pid, name)});
        };
        const bool inside = file("root/etc/passwd").value_or("").find("alice") != std::string::npos;
        if (inside && file("status").value_or("").find("State:\tS") != std::string::npos) return pid;
      }
    return 0;
  }

  void let_through() { lane->let_through(); }

  // Is there a cgroup, and nothing in it? Everything up to the network is done then.
  [[nodiscard]] bool waits_for_network() const {
    const auto memory = layout.with("memory") != nullptr ? layout.with("memory") : layout.unified();
    const base::HostPath cgroup{memory->mount_point.str() + "/" + world.paths.cgroup_root() + "/" +
                                spec.project + "/" + spec.id.str()};
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    for (; std::chrono::steady_clock::now() < deadline; ::usleep(1000))
      if (base::sys::exists(cgroup) && base::sys::exists(world.paths.run_directory(spec.id) / "hosts"))
        return true;
    return false;
  }

  // A namespace like this process's own, which the test has to itself.
  void send_network() {
    lane->send_network(base::sys::open(base::HostPath{"/proc/self/ns/net"}, O_RDONLY), {});
  }

  ScratchWorld& world;
  rt::CgroupLayout layout = rt::detect_layout();
  rt::ContainerSpec spec;
  std::optional<rt::StartLane> lane;
  std::optional<rt::StartReport> report;
};

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
    start.wait_for_report();
    CHECK(start.report->error == "the process ended before its start");
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

  TEST_CASE("a start waits for its network with nothing running, and goes on when it comes") {
    ScratchWorld world;
    const std::string show = "readlink /proc/self/ns/net";
    GatedStart start{world, world.spec({"sh", "-c", show}), WaitsFor::network};
    CHECK(start.waits_for_network());
    world.context.run_for(100ms);
    CHECK_FALSE(start.report);
    CHECK(start.processes().empty());
    start.send_network();
    start.wait_for_report();
    CHECK(start.report->error == "");
    CHECK(world.wait(start.spec.id) == 0);
    char own[64] = {};
    REQUIRE(::readlink("/proc/self/ns/net", own, sizeof own - 1) > 0);
    CHECK(world.output(start.spec.id) == std::string{own} + "\n");
  }

  TEST_CASE("a start whose network does not come leaves nothing, and can be asked for again") {
    for (const WaitsFor what : {WaitsFor::network, WaitsFor::both}) {
      ScratchWorld world;
      GatedStart start{world, world.spec({"true"}), what};
      CHECK(start.waits_for_network());
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

  TEST_CASE("a network, and then the turn") {
    ScratchWorld world;
    GatedStart start{world, world.spec({"echo", "through"}), WaitsFor::both};
    start.send_network();
    CHECK(start.process() != 0);
    CHECK_FALSE(start.report);
    start.let_through();
    start.wait_for_report();
    CHECK(start.report->ok);
    CHECK(world.wait(start.spec.id) == 0);
    CHECK(world.output(start.spec.id) == "through\n");
  }

  TEST_CASE("a restart does not wait at the gate again") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c", "echo run >> /data/runs; test $(wc -l < /data/runs) -ge 2"});
    spec.restart = {.mode = rt::RestartMode::on_failure};
    GatedStart start{world, spec};
    start.let_through();
    start.wait_for_report();
    CHECK(world.wait(spec.id) == 0);
    CHECK(world.status(spec.id)->restarts == 1);
  }
}
