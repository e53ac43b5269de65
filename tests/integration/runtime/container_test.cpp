#include <csignal>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys_at.hpp"
#include "runtime-shim/client/remains.hpp"
#include "runtime-shim/client/run_to_completion.hpp"
#include "runtime-shim/client/stats.hpp"
#include "runtime-shim/client/status_watch.hpp"
#include "scratch_world.hpp"

using namespace compose;
using test::ScratchWorld;
using namespace std::chrono_literals;

namespace {

// Waits, by events, until the status is as wanted.
template <class F>
bool wait_until(ScratchWorld& world, const rt::ContainerId& id, F wanted) {
  rt::StatusWatch watch{world.context.get_executor(), world.paths};
  watch.add(id);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < deadline) {
    if (const auto status = world.status(id); status && wanted(*status)) return true;
    world.await(watch.changed(deadline));
  }
  return false;
}

// For what no status tells; an emulated machine may need a while.
bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!holds() && std::chrono::steady_clock::now() < deadline) ::usleep(5'000);
  return holds();
}

}  // namespace

TEST_SUITE("runtime/container") {
  TEST_CASE("a container runs its command, logs both streams and leaves its exit code") {
    ScratchWorld world;
    const auto spec = world.spec({"sh", "-c", "echo hello; echo bad >&2; exit 3"});
    CHECK(world.run(spec) == 3);
    CHECK(world.output(spec.id) == "hello\n");
    CHECK(world.log(spec.id).find("stderr F bad\n") != std::string::npos);
    const auto status = world.status(spec.id).value();
    CHECK(status.state == rt::ContainerState::exited);
    CHECK(status.exit_code == 3);
  }

  TEST_CASE("exec runs inside, with the container's environment, user and exit code") {
    ScratchWorld world;
    auto spec = world.spec({"sleep", "100"});
    spec.process.environment = {"COLOUR=blue"};
    REQUIRE(world.start(spec).error == "");
    const auto echoed = world.exec(spec.id, {"sh", "-c", "echo $COLOUR $EXTRA $HOME; id -u; exit 5"},
                                   {.environment = {"EXTRA=x"}});
    CHECK(echoed.output == "blue x /root\n0\n");
    CHECK(echoed.exit_code == 5);
    const auto as_alice = world.exec(spec.id, {"id"}, {.user = "alice"});
    CHECK(as_alice.output == "uid=1000(alice) gid=1000(alice) groups=29(audio),44(video),1000(alice)\n");
    CHECK(world.exec(spec.id, {"sh", "-c", "echo $$; ls /proc | grep -c '^1$'"}).output.find("1\n") !=
          std::string::npos);
  }

  TEST_CASE("exec of what is not there is refused as Docker does it") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    const auto refused = [&](std::vector<std::string> argv) -> std::pair<std::string, int> {
      try {
        world.exec(spec.id, std::move(argv));
      } catch (const rt::ExecRefused& e) {
        return {e.what(), e.exit_code()};
      }
      return {};
    };
    CHECK(refused({"nope"}) ==
          std::pair{std::string{"exec 'nope': executable file not found in $PATH"}, 127});
    CHECK(refused({"/etc/passwd"}) == std::pair{std::string{"exec '/etc/passwd': Permission denied"}, 126});
  }

  TEST_CASE("exec with a terminal gets a pty of the container") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    const auto result =
        world.exec(spec.id, {"sh", "-c", "tty; stty size"}, {.terminal = true, .rows = 33, .columns = 77});
    CHECK(result.output == "/dev/pts/0\r\n33 77\r\n");
    CHECK(result.exit_code == 0);
  }

  TEST_CASE("a start that cannot work says why and leaves nothing") {
    ScratchWorld world;
    const auto error_of = [&](rt::ContainerSpec spec) {
      const auto report = world.start(spec);
      CHECK_FALSE(report.ok);
      CHECK_FALSE(rt::shim_alive(world.paths, spec.id));
      CHECK(world.status(spec.id)->finished_at > 0);
      return report.error + " (" + std::to_string(report.exit_code) + ")";
    };
    CHECK(error_of(world.spec({"nope"})) == "exec 'nope': executable file not found in $PATH (127)");
    CHECK(error_of(world.spec({"/data"})) == "exec '/data': Permission denied (126)");
    auto spec = world.spec({"true"});
    spec.process.user = "bob";
    CHECK(error_of(spec) == "user 'bob' is not in the container's /etc/passwd (125)");
    spec = world.spec({"true"});
    spec.mounts = {
        rt::BindMount{.source = base::HostPath{"/does/not/exist"}, .target = base::ContainerPath{"/x"}}};
    CHECK(error_of(spec) == "bind source path does not exist: '/does/not/exist' (125)");
    spec = world.spec({"true"});
    spec.security.sysctls = {{"kernel.core_pattern", "|/x"}};
    CHECK(error_of(spec) == "kernel parameter 'kernel.core_pattern' is not one of the container's own (125)");
  }

  TEST_CASE("stop sends the stop signal, waits, then kills") {
    ScratchWorld world;
    auto polite = world.spec({"sh", "-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"});
    REQUIRE(world.start(polite).error == "");
    REQUIRE(eventually([&] { return world.output(polite.id) == "ready\n"; }));
    world.stop(polite.id, 10s);
    CHECK(world.status(polite.id)->exit_code == 7);
    auto stubborn = world.spec({"sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"});
    REQUIRE(world.start(stubborn).error == "");
    world.stop(stubborn.id, 100ms);
    CHECK(world.status(stubborn.id)->exit_code == 137);
  }

  TEST_CASE("a restart policy starts it again with the same root, and counts") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c", "echo run >> /data/runs; test $(wc -l < /data/runs) -ge 3"});
    spec.restart = {.mode = rt::RestartMode::on_failure};
    CHECK(world.run(spec) == 0);
    CHECK(world.status(spec.id)->restarts == 2);
  }

  TEST_CASE("a container that is waiting to restart can be stopped") {
    ScratchWorld world;
    auto spec = world.spec({"false"});
    spec.restart = {.mode = rt::RestartMode::always};
    REQUIRE(world.start(spec).error == "");
    CHECK(wait_until(world, spec.id, [](const auto& s) { return s.restarts >= 1; }));
    world.stop(spec.id);
    CHECK(world.status(spec.id)->state == rt::ContainerState::exited);
  }

  TEST_CASE("after its stop signal or KILL no restart follows, after another signal one does") {
    ScratchWorld world;
    const auto killed_by = [&world](int stop_signal, int signal) {
      auto spec =
          world.spec({"sh", "-c", "trap 'exit 3' TERM USR1 HUP; echo ready; while :; do sleep 0.05; done"});
      spec.restart = {.mode = rt::RestartMode::always};
      spec.stop_signal = stop_signal;
      REQUIRE(world.start(spec).error == "");
      REQUIRE(eventually([&] { return world.output(spec.id) == "ready\n"; }));
      rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
      world.await(client.kill(signal));
      CHECK(wait_until(world, spec.id, [](const auto& s) {
        return s.restarts == 1 || s.state == rt::ContainerState::exited;
      }));
      const auto status = world.status(spec.id).value();
      if (status.state != rt::ContainerState::exited) world.stop(spec.id);
      return std::pair{status.restarts, status.exit_code};
    };
    CHECK(killed_by(SIGTERM, SIGTERM) == std::pair{0U, 3});
    CHECK(killed_by(SIGTERM, SIGKILL) == std::pair{0U, 137});
    CHECK(killed_by(SIGTERM, SIGHUP).first == 1);
    CHECK(killed_by(SIGUSR1, SIGUSR1) == std::pair{0U, 3});
    CHECK(killed_by(SIGUSR1, SIGTERM).first == 1);
  }

  TEST_CASE("the stop signal ends a container that is paused, or waits to restart") {
    ScratchWorld world;
    const auto spec =
        world.spec({"sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done"});
    REQUIRE(world.start(spec).error == "");
    REQUIRE(eventually([&] { return world.output(spec.id) == "ready\n"; }));
    rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
    world.await(client.pause());
    world.await(client.kill(SIGHUP));
    CHECK(world.status(spec.id)->state == rt::ContainerState::paused);
    world.await(client.kill(SIGTERM));
    CHECK(wait_until(world, spec.id, [](const auto& s) { return s.state == rt::ContainerState::exited; }));

    auto failing = world.spec({"false"});
    failing.restart = {.mode = rt::RestartMode::always};
    REQUIRE(world.start(failing).error == "");
    CHECK(wait_until(world, failing.id, [](const auto& s) { return s.restarts >= 3; }));
    REQUIRE(wait_until(world, failing.id,
                       [](const auto& s) { return s.state == rt::ContainerState::restarting; }));
    rt::ShimClient other{world.context.get_executor(), world.paths, failing.id};
    world.await(other.kill(SIGTERM));
    CHECK(wait_until(world, failing.id, [](const auto& s) { return s.state == rt::ContainerState::exited; }));
  }

  TEST_CASE("a container whose shim is killed dies, is reported lost and can be cleaned up") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    const auto before = *world.status(spec.id);
    ::kill(static_cast<pid_t>(before.shim_pid), SIGKILL);
    CHECK(wait_until(world, spec.id, [](const auto& s) { return rt::was_lost(s); }));
    const auto after = *world.status(spec.id);
    CHECK(after.state == rt::ContainerState::exited);
    CHECK(after.exit_code == 137);
    CHECK(after.error == "its supervisor was lost; 'compose up' makes it anew");
    rt::Remains{world.paths}.clean_up(spec.project, spec.id);
    CHECK_FALSE(world.status(spec.id).has_value());
    CHECK_FALSE(base::sys::exists(base::HostPath{"/sys/fs/cgroup/memory" + before.cgroup}));
  }

  TEST_CASE("pause freezes, unpause thaws, a paused container can be stopped") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
    world.await(client.pause());
    CHECK(world.status(spec.id)->state == rt::ContainerState::paused);
    CHECK_THROWS_WITH(world.exec(spec.id, {"true"}), "the container is paused");
    CHECK_THROWS_WITH(world.await(client.pause()), "the container is already paused");
    world.await(client.unpause());
    CHECK(world.exec(spec.id, {"true"}).exit_code == 0);
    world.await(client.pause());
    world.stop(spec.id);
    CHECK(world.status(spec.id)->state == rt::ContainerState::exited);
  }

  TEST_CASE("a held container goes on when its holder goes") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
    auto held = world.await(client.hold());
    CHECK(world.status(spec.id)->state == rt::ContainerState::paused);
    CHECK_THROWS_WITH(world.await(client.hold()), "the container is already paused");
    CHECK(world.status(spec.id)->state == rt::ContainerState::paused);  // the refused one lets nothing go
    held.reset();
    CHECK(wait_until(world, spec.id, [](const auto& s) { return s.state == rt::ContainerState::running; }));
    CHECK(world.exec(spec.id, {"true"}).exit_code == 0);
    held = world.await(client.hold());
    world.stop(spec.id);
    CHECK(world.status(spec.id)->state == rt::ContainerState::exited);
  }

  TEST_CASE("a health check makes a container healthy, and unhealthy when it hangs") {
    ScratchWorld world;
    auto spec = world.spec({"sleep", "100"});
    spec.health = rt::HealthSpec{
        .test = {"test", "-e", "/tmp/ok"}, .interval = 50'000'000, .timeout = 5'000'000'000, .retries = 2};
    REQUIRE(world.start(spec).error == "");
    CHECK(wait_until(world, spec.id, [](const auto& s) { return s.health == rt::Health::unhealthy; }));
    world.exec(spec.id, {"touch", "/tmp/ok"});
    CHECK(wait_until(world, spec.id, [](const auto& s) { return s.health == rt::Health::healthy; }));
    auto hanging = world.spec({"sleep", "100"});
    hanging.health = rt::HealthSpec{.test = {"sh", "-c", "sleep 50 & sleep 50"},
                                    .interval = 20'000'000,
                                    .timeout = 100'000'000,
                                    .retries = 1};
    REQUIRE(world.start(hanging).error == "");
    CHECK(wait_until(world, hanging.id, [](const auto& s) { return s.health == rt::Health::unhealthy; }));
    CHECK(world.status(hanging.id)->health_output == "health check exceeded timeout (100 ms)");
  }

  TEST_CASE("init reaps orphans and passes signals on") {
    ScratchWorld world;
    auto spec = world.spec(
        {"sh", "-c", "trap 'echo got; exit 9' TERM; echo $$; (sleep 0.1 &) ; while :; do sleep 0.05; done"});
    spec.process.init = true;
    REQUIRE(world.start(spec).error == "");
    REQUIRE(eventually([&] { return !world.output(spec.id).empty(); }));
    ::usleep(300'000);  // the orphan ends
    // One that died this very moment is a zombie, too, until it is reaped.
    const char* const zombies =
        "for i in $(seq 100); do n=$(grep -sl 'State:.Z' /proc/[0-9]*/status | wc -l); test $n != 0 || "
        "break; "
        "sleep 0.01; done; echo $n";
    CHECK(world.exec(spec.id, {"sh", "-c", zombies}).output == "0\n");
    world.stop(spec.id, 10s);
    CHECK(world.status(spec.id)->exit_code == 9);
    CHECK(world.output(spec.id) == "2\ngot\n");
  }

  TEST_CASE("volumes are filled from the image once, binds can be read-only, files appear with their mode") {
    ScratchWorld world;
    base::write_file_atomically(world.image / "data/seed", "from the image\n", 0640);
    const auto volume = world.directory.path() / "volumes/v/_data";
    base::sys::make_directories(volume);
    auto spec = world.spec({"sh", "-c",
                            "cat /data/seed; echo more > /data/own; touch /ro/x || echo refused; cat "
                            "/run/secret; stat -c %a /run/secret"});
    spec.mounts = {
        rt::BindMount{.source = volume, .target = base::ContainerPath{"/data"}, .copy_up = true},
        rt::BindMount{.source = world.image, .target = base::ContainerPath{"/ro"}, .read_only = true},
        rt::FileMount{.content = "s3cret\n", .target = base::ContainerPath{"/run/secret"}, .mode = 0400}};
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) == "from the image\nrefused\ns3cret\n400\n");
    CHECK(base::read_file(volume / "own") == "more\n");
    spec.id = rt::ContainerId{base::random_hex(32)};
    base::sys::remove_file_if_present(volume / "seed");
    spec.process.argv = {"ls", "/data"};
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) == "own\n");
  }

  TEST_CASE("what is inside a volume is found inside it, wherever its links point") {
    ScratchWorld world;
    const auto volume = world.directory.path() / "volumes/v/_data";
    base::sys::make_directories(volume / "real");
    base::sys::make_directories(world.directory.path() / "outside");
    base::sys::make_symlink("/real", volume / "alias");
    base::sys::make_symlink((world.directory.path() / "outside").str(), volume / "out");
    base::write_file_atomically(world.image / "data/seed", "from the image\n", 0640);
    auto spec = world.spec({"sh", "-c", "cat /data/seed; echo more > /data/own"});
    const auto mount = [&](const std::string& inside) {
      spec.mounts = {rt::BindMount{
          .source = volume, .target = base::ContainerPath{"/data"}, .copy_up = true, .inside = inside}};
    };
    mount("alias");
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) == "from the image\n");
    CHECK(base::read_file(volume / "real/own") == "more\n");
    spec.id = rt::ContainerId{base::random_hex(32)};
    mount("out");
    CHECK(world.start(spec).error == "bind source path does not exist: '" + volume.str() + "/out'");
    CHECK(base::list_directory(world.directory.path() / "outside").empty());
  }

  TEST_CASE("what is inside a volume is filled as a whole or not at all") {
    ScratchWorld world;
    const auto disk = world.directory.path() / "volumes/v";
    base::sys::make_directories(disk);
    base::check(::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m"), "mount");
    const base::ScopeExit unmount{[&] { ::umount2(disk.c_str(), MNT_DETACH); }};
    base::sys::make_directories(disk / "_data/inner");
    for (const char* name : {"one", "two", "three"})
      base::write_file_atomically(world.image / "data" / name, std::string(600'000, 'x'));
    auto spec = world.spec({"ls", "/data"});
    spec.mounts = {rt::BindMount{.source = disk / "_data",
                                 .target = base::ContainerPath{"/data"},
                                 .copy_up = true,
                                 .inside = "inner"}};
    CHECK(world.start(spec).error.find("No space left on device") != std::string::npos);
    CHECK(base::list_directory(disk / "_data/inner").empty());
    base::check(::mount(nullptr, disk.c_str(), nullptr, MS_REMOUNT, "size=8m"), "make room");
    spec.id = rt::ContainerId{base::random_hex(32)};
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) == "one\nthree\ntwo\n");
    CHECK(base::list_directory(disk) == std::vector<std::string>{"_data"});
  }

  TEST_CASE("a volume that a crash left half filled is finished by the next container") {
    ScratchWorld world;
    const auto volume = world.directory.path() / "volumes/v/_data";
    base::sys::make_directories(volume);
    for (const char* name : {"one", "two", "three"})
      base::write_file_atomically(world.image / "data" / name, "from the image");
    const auto inode = base::sys::stat_if_exists(volume)->st_ino;
    const base::HostPath whole{base::text("{}.{}.filled", volume.str(), inode)};
    base::sys::make_directory(whole);
    base::write_file_atomically(volume / "one", "moved and changed");
    for (const char* name : {"two", "three"}) base::write_file_atomically(whole / name, "from the image");
    auto spec = world.spec({"cat", "/data/one", "/data/two", "/data/three"});
    spec.mounts = {rt::BindMount{.source = volume, .target = base::ContainerPath{"/data"}, .copy_up = true}};
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) == "moved and changedfrom the imagefrom the image\n");
    CHECK(base::list_directory(volume.parent()) == std::vector<std::string>{"_data"});
  }

  TEST_CASE("a container that has an empty volume sees what another fills it with") {
    ScratchWorld world;
    const auto volume = world.directory.path() / "volumes/v/_data";
    base::sys::make_directories(volume);
    const auto held = base::sys::open(volume, O_RDONLY | O_DIRECTORY);  // as the first has it
    base::write_file_atomically(world.image / "data/seed", "from the image");
    auto spec = world.spec({"true"});
    spec.mounts = {rt::BindMount{.source = volume, .target = base::ContainerPath{"/data"}, .copy_up = true}};
    CHECK(world.run(spec) == 0);
    CHECK(base::sys::list_at(held.get()) == std::vector<std::string>{"seed"});
  }

  TEST_CASE("a terminal: output goes to the log and to whoever is attached, input reaches it") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c", "read line; echo \"got $line\"; test -c /dev/console"});
    spec.process.terminal = true;
    spec.process.stdin_open = true;
    REQUIRE(world.start(spec).error == "");
    auto out = base::sys::make_pipe();
    auto input = world.await(rt::ShimClient{world.context.get_executor(), world.paths, spec.id}.attach(
        out.write_end.get(), out.write_end.get(), false));
    out.write_end.reset();
    base::sys::write_all(input.get(), "word\n");
    CHECK(base::sys::read_to_end(out.read_end.get(), 1000).find("got word\r\n") != std::string::npos);
    CHECK(world.wait(spec.id) == 0);
    CHECK(world.output(spec.id).find("got word\r\n") != std::string::npos);
  }

  TEST_CASE("stdin without a terminal ends when the attached client closes it") {
    ScratchWorld world;
    auto spec = world.spec({"cat"});
    spec.process.stdin_open = true;
    REQUIRE(world.start(spec).error == "");
    auto out = base::sys::make_pipe();
    auto input = world.await(rt::ShimClient{world.context.get_executor(), world.paths, spec.id}.attach(
        out.write_end.get(), out.write_end.get(), true));
    out.write_end.reset();
    base::sys::write_all(input.get(), "through\n");
    input.reset();
    CHECK(base::sys::read_to_end(out.read_end.get(), 1000) == "through\n");
    CHECK(world.wait(spec.id) == 0);
  }

  TEST_CASE("a build step runs to its end with the caller's descriptors") {
    ScratchWorld world;
    auto out = base::sys::make_pipe();
    auto spec = world.spec({"sh", "-c", "echo step; exit 4"});
    CHECK(rt::run_to_completion(world.paths, base::HostPath{TEST_BINARY_DIR "/compose-shim"}, spec,
                                {.output = out.write_end.get()}) == 4);
    out.write_end.reset();
    CHECK(base::sys::read_to_end(out.read_end.get(), 1000) == "step\n");
    CHECK_FALSE(base::sys::exists(world.paths.run_directory(spec.id)));
  }

  TEST_CASE("statistics count the processes and the memory") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c", "sleep 100 & sleep 100; true"});
    spec.resources.memory = 64 << 20;
    REQUIRE(world.start(spec).error == "");
    REQUIRE(eventually([&] { return rt::read_processes(world.paths, spec.id).size() == 3; }));
    const auto stats = rt::read_stats(world.paths, spec.id).value();
    CHECK(stats.processes == 3);
    CHECK(stats.memory_limit == 64 << 20);
    CHECK(stats.memory_bytes > 0);
  }

  TEST_CASE("running out of memory is told") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c", "x=$(yes | head -c 100000000); echo survived"});
    spec.resources.memory = 16 << 20;
    CHECK(world.run(spec) != 0);
    CHECK(world.status(spec.id)->oom_killed);
  }

  TEST_CASE("a pid namespace can be another container's") {
    ScratchWorld world;
    const auto first = world.spec({"sleep", "100"});
    REQUIRE(world.start(first).error == "");
    auto second = world.spec({"sh", "-c", "cat /proc/1/cmdline | tr '\\0' ' '; echo"});
    second.security.pid = {.mode = rt::NamespaceMode::shared, .container = first.id};
    CHECK(world.run(second) == 0);
    CHECK(world.output(second.id) == "sleep 100 \n");
    CHECK(world.exec(first.id, {"true"}).exit_code == 0);
  }

  TEST_CASE("a second start of a running container is refused and harms nothing") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    CHECK(world.start(spec).error == "it is running already");
    CHECK(world.exec(spec.id, {"true"}).exit_code == 0);
  }

  TEST_CASE("a shim that rests gives memory back, and serves as before") {
    ScratchWorld world;
    const auto spec = world.spec({"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    const base::HostPath rollup{base::text("/proc/{}/smaps_rollup", world.status(spec.id)->shim_pid)};
    const auto resident = [&] {
      const auto text = base::read_file(rollup);
      return std::stoul(text.substr(text.find("Rss:") + 4));
    };
    REQUIRE(world.exec(spec.id, {"true"}).exit_code == 0);
    const auto busy = resident();
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (resident() >= busy && std::chrono::steady_clock::now() < deadline) ::usleep(50'000);
    CHECK(resident() < busy);
    CHECK(world.exec(spec.id, {"echo", "awake"}).output == "awake\n");
  }
}
