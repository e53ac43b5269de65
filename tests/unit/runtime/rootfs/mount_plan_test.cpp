#include "runtime-shim/rootfs/mount_plan.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

namespace {

ContainerSpec web() {
  ContainerSpec spec;
  spec.id = ContainerId{std::string(64, 'a')};
  return spec;
}

MountPlan plan(const ContainerSpec& spec, bool v2 = true) {
  return plan_mounts(spec, {.cgroup_v2 = v2, .host_masks = {}, .run_directory = "/run/c"});
}

BindMount bound(std::string source, std::string target, bool read_only = false) {
  return {.source = HostPath{std::move(source)},
          .target = ContainerPath{std::move(target)},
          .read_only = read_only};
}

std::string first_lines(const MountPlan& p, std::size_t count) {
  const std::string all = to_text(p);
  std::size_t at = 0;
  for (std::size_t i = 0; i < count; ++i) at = all.find('\n', at) + 1;
  return all.substr(0, at);
}

}  // namespace

TEST_SUITE("runtime/rootfs/mount_plan") {
  TEST_CASE("a plain container gets Docker's mounts, those of its network last, then what is hidden") {
    CHECK(to_text(plan(web())) ==
          "proc -> /proc nosuid,noexec,nodev\n"
          "tmpfs -> /dev nosuid,strictatime mode=755,size=65536k\n"
          "devpts -> /dev/pts nosuid,noexec newinstance,ptmxmode=0666,mode=0620,gid=5\n"
          "mqueue -> /dev/mqueue nosuid,noexec,nodev\n"
          "tmpfs -> /dev/shm nosuid,noexec,nodev mode=1777,size=67108864\n"
          "bind /run/c/resolv.conf -> /etc/resolv.conf\n"
          "bind /run/c/hosts -> /etc/hosts\n"
          "bind /run/c/hostname -> /etc/hostname\n"
          "sysfs -> /sys ro,nosuid,noexec,nodev\n"
          "cgroup2 -> /sys/fs/cgroup ro,nosuid,noexec,nodev\n"
          "mask /proc/acpi\nmask /proc/asound\nmask /proc/interrupts\nmask /proc/kcore\nmask /proc/keys\n"
          "mask /proc/latency_stats\nmask /proc/sched_debug\nmask /proc/scsi\nmask /proc/timer_list\n"
          "mask /proc/timer_stats\nmask /sys/devices/virtual/powercap\nmask /sys/firmware\n"
          "read-only /proc/bus\nread-only /proc/fs\nread-only /proc/irq\nread-only /proc/sys\n"
          "read-only /proc/sysrq-trigger\n");
  }

  TEST_CASE("own mounts come by depth; one on a default's place takes it; one on /dev takes all below") {
    auto spec = web();
    spec.mounts = {bound("/b", "/data/deep/er"), bound("/a", "/data", true), bound("/hosts", "/etc/hosts"),
                   bound("/dev", "/dev")};
    const auto text = first_lines(plan(spec), 9);
    CHECK(text ==
          "proc -> /proc nosuid,noexec,nodev\n"
          "bind /run/c/resolv.conf -> /etc/resolv.conf\n"
          "bind /run/c/hostname -> /etc/hostname\n"
          "sysfs -> /sys ro,nosuid,noexec,nodev\n"
          "cgroup2 -> /sys/fs/cgroup ro,nosuid,noexec,nodev\n"
          "bind /a -> /data ro recursive\n"
          "bind /dev -> /dev recursive\n"
          "bind /hosts -> /etc/hosts recursive\n"
          "bind /b -> /data/deep/er recursive\n");
  }

  TEST_CASE(
      "what comes before the network is there is the defaults up to sysfs, or all where there is none") {
    auto spec = web();
    spec.mounts = {bound("/a", "/data")};
    CHECK(plan(spec).before_network == 8);
    spec.mounts.push_back(bound("/sys", "/sys"));
    CHECK(plan(spec).before_network == 9);
  }

  TEST_CASE("a read-only root leaves only what must be written") {
    auto spec = web();
    spec.rootfs.read_only = true;
    spec.mounts = {bound("/a", "/data")};
    const auto text = to_text(plan(spec));
    CHECK(text.find("bind /run/c/hosts -> /etc/hosts ro\n") != std::string::npos);
    CHECK(text.find("tmpfs -> /dev/shm nosuid,noexec,nodev mode") != std::string::npos);
    CHECK(text.find("bind /a -> /data recursive\n") != std::string::npos);
    CHECK(text.ends_with("read-only /\n"));
  }

  TEST_CASE("privileged hides nothing and may write /sys") {
    auto spec = web();
    spec.security.privileged = true;
    const auto p = plan(spec, false);
    CHECK(p.masked.empty());
    CHECK(p.read_only.empty());
    CHECK(to_text(p).find(
              "sysfs -> /sys nosuid,noexec,nodev\ncgroup -> /sys/fs/cgroup nosuid,noexec,nodev mode=755\n") !=
          std::string::npos);
  }

  TEST_CASE("tmpfs options the user may override") {
    auto spec = web();
    spec.mounts = {TmpfsMount{
        .target = ContainerPath{"/t/"}, .size = 4096, .mode = 0700, .options = {"exec", "uid=5", "ro"}}};
    CHECK(to_text(plan(spec)).find("tmpfs -> /t ro,nosuid,nodev mode=700,size=4096,uid=5\n") !=
          std::string::npos);
  }

  TEST_CASE("files of the spec are bound from the run directory, in order") {
    auto spec = web();
    spec.mounts = {FileMount{.content = "a", .target = ContainerPath{"/run/secrets/b"}},
                   FileMount{.content = "b", .target = ContainerPath{"/cfg"}, .read_only = false}};
    const auto text = to_text(plan(spec));
    CHECK(text.find("bind /run/c/files/1 -> /cfg\nbind /run/c/files/0 -> /run/secrets/b ro\n") !=
          std::string::npos);
  }

  TEST_CASE("propagation is kept only where some mount asks for it") {
    auto spec = web();
    CHECK_FALSE(plan(spec).keep_propagation);
    auto shared = bound("/a", "/data");
    shared.propagation = "rshared";
    spec.mounts = {shared};
    CHECK(plan(spec).keep_propagation);
    shared.propagation = "sideways";
    spec.mounts = {shared};
    CHECK_THROWS_WITH_AS(plan(spec), "bind propagation 'sideways' is unknown", base::Error);
  }

  TEST_CASE("targets that would break the walls are refused") {
    const auto error_of = [](const std::string& target) -> std::string {
      auto spec = web();
      spec.mounts.emplace_back(bound("/a", target));
      try {
        plan(spec);
      } catch (const base::Error& e) {
        return e.what();
      }
      return "";
    };
    CHECK(error_of("/proc") == "mount target '/proc' would hide what the runtime protects");
    CHECK(error_of("/proc/sys") == "mount target '/proc/sys' would hide what the runtime protects");
    CHECK(error_of("/x/../proc/self/attr") ==
          "mount target '/proc/self/attr' would hide what the runtime protects");
    CHECK(error_of("/proc/uptime") == "");
    CHECK(error_of("/") == "mount target '/' would hide the whole image");
    CHECK(error_of("data") == "mount target 'data' is not absolute");
    auto twice = web();
    twice.mounts = {bound("/a", "/x"), bound("/b", "/x/")};
    CHECK_THROWS_WITH(plan(twice), "two mounts have the same target '/x'");
  }
}
