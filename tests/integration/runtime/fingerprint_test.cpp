// What a process in a container sees and may do, asked from inside, for init, exec and health probes alike.
#include <filesystem>
#include <unistd.h>

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "runtime-shim/client/run_to_completion.hpp"
#include "scratch_world.hpp"

using namespace compose;
using test::ScratchWorld;

namespace {

const char* const k_fingerprint =
    "grep -E '^(Cap|NoNewPrivs|Seccomp:|Groups|Umask)' /proc/self/status; "
    "echo fds $(ls /proc/self/fd | tr '\\n' ' '); "
    "env | sort | grep -v -E '^(HOSTNAME|SHLVL|PWD|_)='; pwd; "
    "for f in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do "
    "test ! -e $f || { cat $f | wc -c; }; done; "
    "ls /sys/firmware | wc -l; "
    "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/irq/x /sys/x /sys/fs/cgroup/x; do "
    "(echo x > $f) 2>/dev/null && echo wrote $f; done; "
    "ls /dev | tr '\\n' ' '";

std::string expected(const std::string& capabilities, const std::string& effective) {
  return "Umask:\t0022\n"
         "Groups:\t0 \n"
         "CapInh:\t0000000000000000\n"
         "CapPrm:\t" +
         effective + "\nCapEff:\t" + effective + "\nCapBnd:\t" + capabilities +
         "\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\nSeccomp:\t2\n"
         "fds 0 1 2 3\n"  // 3 is the directory that ls reads
         "HOME=/root\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/\n"
         "0\n0\n0\n0\n";
}

// Without the files that this kernel does not have, each of which leaves one line of "0" less.
std::string without_zero_lines(std::string text) {
  for (std::size_t at = text.find("\n0\n"); at != std::string::npos; at = text.find("\n0\n"))
    text.erase(at, 2);
  return text;
}

constexpr const char* k_devices =
    "core fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero ";

std::string kcore_free(std::string devices) {
  if (!base::sys::exists(base::HostPath{"/proc/kcore"})) devices.erase(0, 5);
  return devices;
}

std::string mounts_now() {
  return base::read_file(base::HostPath{"/proc/self/mountinfo"});
}

// Only of this world's containers: the cgroups of other worlds stand beside them.
std::vector<std::string> cgroups_named(const std::string& root) {
  std::vector<std::string> found;
  // The hierarchies of version 1 are one level down; those of version 2 have files beside the cgroups.
  const std::filesystem::path top{"/sys/fs/cgroup"};
  if (std::filesystem::exists(top / root)) found.push_back(root);
  for (const auto& hierarchy : std::filesystem::directory_iterator{top})
    if (std::filesystem::exists(hierarchy.path() / root)) found.push_back(hierarchy.path() / root);
  return found;
}

}  // namespace

TEST_SUITE("runtime/fingerprint") {
  TEST_CASE("init and exec see the same walls") {
    ScratchWorld world;
    const auto wanted =
        without_zero_lines(expected("00000000a80425fb", "00000000a80425fb")) + kcore_free(k_devices);
    const auto init = world.spec({"sh", "-c", std::string{k_fingerprint} + "; echo"});
    CHECK(world.run(init) == 0);
    CHECK(without_zero_lines(world.output(init.id)) == wanted + "\n");

    const auto idle = world.spec({"sleep", "100"});
    REQUIRE(world.start(idle).error == "");
    const auto inside = world.exec(idle.id, {"sh", "-c", k_fingerprint});
    CHECK(without_zero_lines(inside.output) == wanted);
  }

  TEST_CASE("another user has no capabilities at all") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c", "grep -E '^Cap(Prm|Eff|Amb|Inh|Bnd)' /proc/self/status"});
    spec.process.user = "alice";
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) ==
          "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n"
          "CapBnd:\t00000000a80425fb\nCapAmb:\t0000000000000000\n");
  }

  TEST_CASE("no-new-privileges and dropped capabilities hold") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c", "grep -E '^(CapBnd|NoNewPrivs|Seccomp:)' /proc/self/status"});
    spec.process.no_new_privileges = true;
    spec.process.capabilities = {"CAP_KILL"};
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) == "CapBnd:\t0000000000000020\nNoNewPrivs:\t1\nSeccomp:\t2\n");
  }

  // With this capability nothing hides a process of the container; it must not have been elsewhere before.
  TEST_CASE("a process that may trace everything sees no root but its own while others are executed") {
    ScratchWorld world;
    const std::string host_only = world.directory.path().str();
    auto spec = world.spec({"sh", "-c",
                            "echo ready; while :; do for p in /proc/[0-9]*; do test -e $p/root" + host_only +
                                " && echo $p; done; done"});
    spec.process.capabilities.emplace_back("CAP_SYS_PTRACE");
    spec.health = rt::HealthSpec{.test = {"true"}, .interval = 20'000'000};
    REQUIRE(world.start(spec).ok);
    for (int i = 0; i < 60; ++i) CHECK(world.exec(spec.id, {"true"}).exit_code == 0);
    CHECK(world.output(spec.id) == "ready\n");
  }

  TEST_CASE("privileged has what the host grants, no filter, nothing hidden, and its devices") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c",
                            "grep -E '^(CapEff|Seccomp:)' /proc/self/status; test -w /sys && mkdir "
                            "/sys/fs/cgroup/x 2>&1; ls /dev | wc -l"});
    spec.security.privileged = true;
    CHECK(world.run(spec) == 0);
    const auto text = world.output(spec.id);
    CHECK(text.find("Seccomp:\t0\n") != std::string::npos);
  }

  TEST_CASE("namespaces are new, the cgroup is the root of its own view") {
    ScratchWorld world;
    auto spec = world.spec(
        {"sh", "-c", "for n in mnt pid ipc uts cgroup net; do readlink /proc/self/ns/$n; done; hostname"});
    CHECK(world.run(spec) == 0);
    const auto inside = world.output(spec.id);
    for (const char* name : {"mnt", "pid", "ipc", "uts", "cgroup", "net"}) {
      char own[64] = {};
      REQUIRE(::readlink((std::string{"/proc/self/ns/"} + name).c_str(), own, sizeof own - 1) > 0);
      CHECK(inside.find(own) == std::string::npos);
    }
    CHECK(inside.ends_with("\n" + spec.id.short_form() + "\n"));
  }

  TEST_CASE("a read-only root refuses writes and keeps its temporary places") {
    ScratchWorld world;
    auto spec = world.spec({"sh", "-c",
                            "touch /x 2>/dev/null || echo refused; touch /dev/shm/x && echo shm; touch "
                            "/scratch/x && echo tmpfs"});
    spec.rootfs.read_only = true;
    spec.mounts = {rt::TmpfsMount{.target = base::ContainerPath{"/scratch"}}};
    CHECK(world.run(spec) == 0);
    CHECK(world.output(spec.id) == "refused\nshm\ntmpfs\n");
  }

  TEST_CASE("links in the image cannot lead a mount outside") {
    ScratchWorld world;
    const auto canary = world.directory.path() / "canary";
    base::sys::make_directories(canary);
    base::sys::make_symlink("../../../../../../.." + canary.str(), world.image / "link");
    auto spec = world.spec({"ls", "/"});
    spec.mounts = {rt::FileMount{.content = "x", .target = base::ContainerPath{"/link/file"}},
                   rt::TmpfsMount{.target = base::ContainerPath{"/link/directory"}}};
    world.start(spec);
    CHECK(base::list_directory(canary).empty());
  }

  TEST_CASE("a /proc that is a link in the image is refused") {
    ScratchWorld world;
    base::sys::remove_tree(world.image / "proc");
    base::sys::make_symlink("/tmp", world.image / "proc");
    base::sys::make_directories(world.paths.data_root / "mount-points");  // not the layer that would hide it
    const auto report = world.start(world.spec({"true"}));
    CHECK(report.error == "mount 'proc' on '/proc': Too many levels of symbolic links");
  }

  TEST_CASE("a working directory of descriptors leads nowhere") {
    ScratchWorld world;
    for (int fd = 3; fd < 24; ++fd) {
      auto spec = world.spec({"pwd"});
      spec.process.directory = base::text("/proc/self/fd/{}", fd);
      const auto report = world.start(spec);
      if (report.ok) {
        world.wait(spec.id);
        CHECK(world.output(spec.id).find("/data") == std::string::npos);
        CHECK(world.output(spec.id).starts_with("/"));
      }
    }
  }

  TEST_CASE("the supervisor's program cannot be written from inside") {
    ScratchWorld world;
    const base::HostPath program{TEST_BINARY_DIR "/compose-shim"};
    const auto before = base::read_file(program);
    auto spec = world.spec({"/proc/self/exe"});
    world.start(spec);
    auto with_init = world.spec({"sh", "-c", "(echo x > /proc/1/exe) 2>/dev/null && echo wrote; true"});
    with_init.process.init = true;
    CHECK(world.run(with_init) == 0);
    CHECK(world.output(with_init.id) == "");
    CHECK(base::read_file(program) == before);
  }

  TEST_CASE("nothing is left on the host after twenty containers") {
    const auto mounts = mounts_now();
    std::string root;
    {
      ScratchWorld world;
      root = world.paths.cgroup_root();
      for (int i = 0; i < 10; ++i) CHECK(world.run(world.spec({"true"})) == 0);
      for (int i = 0; i < 5; ++i) world.start(world.spec({"nope"}));
      for (int i = 0; i < 5; ++i) {
        const auto spec = world.spec({"sleep", "100"});
        REQUIRE(world.start(spec).error == "");
        CHECK(mounts_now() == mounts);
        CHECK_FALSE(cgroups_named(root).empty());
        world.stop(spec.id);
      }
    }
    CHECK(mounts_now() == mounts);
    CHECK(cgroups_named(root) == std::vector<std::string>{});
  }
}
