// The init of `init: true`: what its container sees of it, and what it does for the command.
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "runtime-shim/client/remains.hpp"
#include "scratch_world.hpp"

using namespace compose;
using test::ScratchWorld;
using namespace std::chrono_literals;

namespace {

rt::ContainerSpec under_init(ScratchWorld& world, std::vector<std::string> argv) {
  auto spec = world.spec(std::move(argv));
  spec.process.init = true;
  return spec;
}

bool comes_true(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!holds() && std::chrono::steady_clock::now() < deadline) ::usleep(5'000);
  return holds();
}

const char* const k_look_at_init =
    "readlink /proc/1/exe; tr '\\0' ' ' </proc/1/cmdline; echo; cat /proc/1/comm; ls /proc/1/fd | tr '\\n' ' "
    "'; "
    "echo; tr '\\0' '\\n' </proc/1/environ | grep COLOUR; "
    "grep -E '^(Uid|Cap(Inh|Prm|Eff|Bnd|Amb)|Seccomp:)' /proc/1/status | tr '\\n\\t' '  '; echo; "
    "echo written >/proc/1/fd/1";

std::string seen_of(const std::string& user, const std::string& held) {
  return "/sbin/docker-init\n/sbin/docker-init -- sleep 100 \ndocker-init\n0 1 2 \nCOLOUR=blue\n"
         "Uid: " +
         user + " " + user + " " + user + " " + user + " CapInh: 0000000000000000 CapPrm: " + held +
         " CapEff: " + held + " CapBnd: 00000000a80425fb CapAmb: 0000000000000000 Seccomp: 2 \n";
}

}  // namespace

TEST_SUITE("runtime/init") {
  TEST_CASE("PID 1 is a program of its own, which its container may look at and write to the output of") {
    ScratchWorld world;
    auto spec = under_init(world, {"sleep", "100"});
    spec.process.environment = {"COLOUR=blue"};
    std::string held = "00000000a80425fb";
    std::string user = "0";
    SUBCASE("as root") {}
    SUBCASE("as another user") {
      user = "1000";
      held = "0000000000000000";
      spec.process.user = "alice";
    }
    REQUIRE(world.start(spec).error == "");
    CHECK(world.exec(spec.id, {"sh", "-c", k_look_at_init}).output == seen_of(user, held));
    CHECK(comes_true([&] { return world.output(spec.id) == "written\n"; }));
  }

  TEST_CASE("nobody inside can change the init, not even with all capabilities") {
    ScratchWorld world;
    auto spec = under_init(world, {"sleep", "100"});
    spec.security.privileged = true;
    REQUIRE(world.start(spec).error == "");
    const char* const attempts =
        "for i in 1 2; do (echo x >/proc/1/exe) 2>/dev/null && echo wrote; "
        "mount -o remount,rw /proc/1/exe 2>/dev/null && echo remounted; done; wc -c </proc/1/exe";
    const auto size = world.exec(spec.id, {"sh", "-c", attempts}).output;
    CHECK(size.find_first_not_of("0123456789\n") == std::string::npos);
    auto next = under_init(world, {"sh", "-c", "wc -c </proc/1/exe"});
    CHECK(world.run(next) == 0);
    CHECK(world.output(next.id) == size);
  }

  TEST_CASE("a command that cannot be executed under an init is refused as without one") {
    ScratchWorld world;
    const auto error_of = [&](std::vector<std::string> argv) {
      const auto report = world.start(under_init(world, std::move(argv)));
      return report.error + " (" + std::to_string(report.exit_code) + ")";
    };
    CHECK(error_of({"nope"}) == "exec 'nope': executable file not found in $PATH (127)");
    CHECK(error_of({"/data"}) == "exec '/data': Permission denied (126)");
  }

  TEST_CASE("the init ends as its command ended, at each restart") {
    ScratchWorld world;
    auto spec =
        under_init(world, {"sh", "-c", "echo run >>/data/runs; test $(wc -l </data/runs) -ge 3 || exit 5"});
    spec.restart = {.mode = rt::RestartMode::on_failure};
    CHECK(world.run(spec) == 0);
    CHECK(world.status(spec.id)->restarts == 2);
    CHECK(world.run(under_init(world, {"sh", "-c", "exit 41"})) == 41);
    CHECK(world.run(under_init(world, {"sh", "-c", "kill -9 $$"})) == 137);
  }

  TEST_CASE(
      "a key on the terminal reaches the command once, and does not stop it where nobody could resume it") {
    ScratchWorld world;
    auto spec =
        under_init(world, {"sh", "-c", "trap 'echo int' INT; echo ready; while :; do sleep 0.05; done"});
    spec.process.terminal = true;
    spec.process.stdin_open = true;
    REQUIRE(world.start(spec).error == "");
    REQUIRE(comes_true([&] { return world.output(spec.id) == "ready\r\n"; }));
    const auto null = base::sys::open(base::HostPath{"/dev/null"}, O_RDWR);
    rt::ShimClient client{world.context.get_executor(), world.paths, spec.id};
    const auto keys = world.await(client.attach(null.get(), null.get(), false));
    base::sys::write_all(keys.get(), "\x1a\x03");
    REQUIRE(comes_true([&] { return world.output(spec.id).find("int") != std::string::npos; }));
    world.await(client.kill(SIGINT));
    const auto interrupts = [&] {
      const auto text = world.output(spec.id);
      std::size_t count = 0;
      for (std::size_t at = text.find("int\r\n"); at != std::string::npos; at = text.find("int\r\n", at + 1))
        ++count;
      return count;
    };
    REQUIRE(comes_true([&] { return interrupts() >= 2; }));
    ::usleep(200'000);
    CHECK(interrupts() == 2);
  }

  TEST_CASE("the init goes with its shim") {
    ScratchWorld world;
    const auto spec = under_init(world, {"sleep", "100"});
    REQUIRE(world.start(spec).error == "");
    const auto status = *world.status(spec.id);
    ::kill(static_cast<pid_t>(status.shim_pid), SIGKILL);
    const base::HostPath process{base::text("/proc/{}/exe", status.init_pid)};
    CHECK(comes_true([&] { return ::access(process.c_str(), F_OK) == -1; }));
    rt::Remains{world.paths}.clean_up("test",
                                      spec.id);  // its cgroup, for which there is no supervisor any more
  }
}
