#include "tests/bench/floor.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "tests/bench/netlink_raw.hpp"

namespace compose::bench {
namespace {

using base::check;
using base::HostPath;
using base::UniqueFd;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t k_gateway = 0x0ac70001;  // 10.199.0.1

struct Hierarchy {
  std::string root;
  bool v2 = false;
};

// Every cgroup hierarchy that this machine has mounted, empty v2 ones of hybrid machines too.
std::vector<Hierarchy> hierarchies() {
  if (base::sys::exists(HostPath{"/sys/fs/cgroup/cgroup.controllers"})) return {{"/sys/fs/cgroup", true}};
  std::vector<Hierarchy> found;
  for (const std::string& name : base::list_directory(HostPath{"/sys/fs/cgroup"})) {
    const std::string root = "/sys/fs/cgroup/" + name;
    struct ::stat status {};
    if (::lstat(root.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
    found.push_back({root, base::sys::exists(HostPath{root + "/cgroup.controllers"})});
  }
  return found;
}

struct Sandbox {
  std::string directory;  // with rootfs upper work merged
  std::string link;
  std::vector<std::string> cgroups;
  std::vector<UniqueFd> task_files;  // of v1
  UniqueFd unified;                  // of v2, where the child is born
  UniqueFd pidfd;
};

void write_text(const std::string& path, const std::string& text) {
  const UniqueFd fd = base::sys::open(HostPath{path}, O_WRONLY);
  base::sys::write_all(fd.get(), text);
}

void must(long result, const char* doing) {
  if (result >= 0) return;
  ::perror(doing);
  ::_exit(1);
}

void mount_dev() {
  must(::mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k"), "mount dev");
  const struct {
    const char* path;
    unsigned minor;
  } nodes[] = {{"dev/null", 3}, {"dev/zero", 5}, {"dev/full", 7}, {"dev/random", 8}, {"dev/urandom", 9}};
  for (const auto& node : nodes) must(::mknod(node.path, S_IFCHR | 0666, makedev(1, node.minor)), "mknod");
  must(::mknod("dev/tty", S_IFCHR | 0666, makedev(5, 0)), "mknod");
  must(::mkdir("dev/pts", 0755), "mkdir pts");
  must(::mkdir("dev/shm", 01777), "mkdir shm");
  must(::mkdir("dev/mqueue", 0755), "mkdir mqueue");
  must(::mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620"),
       "mount pts");
  must(::mount("shm", "dev/shm", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m"),
       "mount shm");
  must(::mount("mqueue", "dev/mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "mount mqueue");
}

// A task of v1 attaches itself: only so the kernel takes no lock of all thread groups, which waits for a
// grace period.
void enter_cgroups(const Sandbox& box) {
  for (const UniqueFd& tasks : box.task_files) must(::write(tasks.get(), "0", 1), "attach");
  must(::unshare(CLONE_NEWCGROUP), "make a cgroup namespace");
}

[[noreturn]] void run_child(const Sandbox& box, std::uint32_t address, int go) {
  must(::prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl");
  enter_cgroups(box);
  must(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make mounts private");
  must(::chdir(box.directory.c_str()), "chdir");
  must(::mount("overlay", "merged", "overlay", 0, "lowerdir=rootfs,upperdir=upper,workdir=work"),
       "mount overlay");
  must(::chdir("merged"), "chdir");
  must(::mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr), "mount proc");
  must(::mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, nullptr), "mount sys");
  mount_dev();
  must(::sethostname("floor", 5), "sethostname");
  must(base::sys::pivot_root(".", "."), "pivot_root");
  must(::umount2(".", MNT_DETACH), "umount");
  must(::chdir("/"), "chdir");
  char byte = 0;
  must(::read(go, &byte, 1) == 1 ? 0 : -1, "wait for the veth pair");
  {
    RawNetlink inside;
    configure_inside(inside, address, htonl(k_gateway));
  }
  char* const argv[] = {const_cast<char*>("/sleeper"), nullptr};
  char* const env[] = {nullptr};
  ::execve("/sleeper", argv, env);
  must(-1, "exec");
  ::_exit(1);
}

void prepare_directory(Sandbox& box, const std::string& rootfs) {
  base::sys::make_directory(HostPath{box.directory});
  for (const char* name : {"upper", "work", "merged"})
    base::sys::make_directory(HostPath{box.directory} / name);
  base::sys::make_symlink(rootfs, HostPath{box.directory} / "rootfs");
}

void make_cgroups(Sandbox& box, const std::vector<Hierarchy>& groups, const std::string& name) {
  for (const Hierarchy& group : groups) {
    box.cgroups.push_back(group.root + "/" + name);
    base::sys::make_directory(HostPath{box.cgroups.back()});
    if (group.v2) {
      box.unified = base::sys::open(HostPath{box.cgroups.back()}, O_RDONLY | O_DIRECTORY);
      continue;
    }
    box.task_files.push_back(base::sys::open(HostPath{box.cgroups.back() + "/tasks"}, O_WRONLY));
    if (group.root.ends_with("/cpuset")) {  // an empty cpuset of v1 takes no process
      for (const char* knob : {"/cpuset.cpus", "/cpuset.mems"}) {
        write_text(box.cgroups.back() + knob, base::read_file(HostPath{group.root + knob}));
      }
    }
  }
}

Sandbox start_one(RawNetlink& netlink, const std::vector<Hierarchy>& groups,
                  const std::string& base_directory, unsigned bridge, int index) {
  Sandbox box;
  box.directory = base_directory + "/" + std::to_string(index);
  box.link = "fl" + std::to_string(::getpid() % 100000) + "x" + std::to_string(index);
  prepare_directory(box, base_directory + "/rootfs");
  make_cgroups(box, groups, HostPath{base_directory}.name() + "-" + std::to_string(index));
  const auto go = base::sys::make_pipe();
  auto ready = base::sys::make_pipe();
  int pidfd = -1;
  clone_args arguments{};
  arguments.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_PIDFD;
  if (box.unified) {
    arguments.flags |= CLONE_INTO_CGROUP;
    arguments.cgroup = static_cast<__u64>(box.unified.get());
  }
  arguments.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  const pid_t pid = check(base::sys::clone3(arguments), "clone");
  if (pid == 0) run_child(box, htonl(k_gateway + 1 + static_cast<unsigned>(index)), go.read_end.get());
  box.pidfd = UniqueFd{pidfd};
  const UniqueFd names = base::sys::open(HostPath{"/proc/" + std::to_string(pid) + "/ns/net"}, O_RDONLY);
  make_veth(netlink, box.link, bridge, names.get());
  base::sys::write_all(go.write_end.get(), "x");
  ready.write_end.reset();
  char byte = 0;
  // End of file: the child's copy of the write end went with its exec.
  if (base::sys::read_some(ready.read_end.get(), {&byte, 1}) != 0)
    base::fail("the sleeper could not be started");
  return box;
}

void stop_all(RawNetlink& netlink, std::vector<Sandbox>& boxes) {
  for (const Sandbox& box : boxes) check(base::sys::pidfd_send_signal(box.pidfd.get(), SIGKILL), "kill");
  for (const Sandbox& box : boxes) {
    siginfo_t info{};
    check(::waitid(P_PIDFD, static_cast<id_t>(box.pidfd.get()), &info, WEXITED), "wait");
  }
  for (const Sandbox& box : boxes) {
    delete_link(netlink, box.link);
    for (const std::string& group : box.cgroups) base::sys::remove_directory_if_present(HostPath{group});
    base::sys::remove_tree(HostPath{box.directory});
  }
}

double since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

void make_rootfs(const std::string& rootfs, const std::string& sleeper) {
  base::sys::make_directory(HostPath{rootfs});
  for (const char* name : {"proc", "sys", "dev", "etc", "tmp"})
    base::sys::make_directory(HostPath{rootfs} / name);
  base::write_file_atomically(HostPath{rootfs} / "sleeper", base::read_file(HostPath{sleeper}), 0755);
}

}  // namespace

FloorTimes measure_floor(int count, const std::string& sleeper) {
  const base::TemporaryDirectory scratch{"/var/tmp/floor-"};
  const std::string& directory = scratch.path().str();
  make_rootfs(directory + "/rootfs", sleeper);
  RawNetlink netlink;
  const std::string bridge = "floor" + std::to_string(::getpid() % 100000);
  make_bridge(netlink, bridge, htonl(k_gateway));
  const unsigned bridge_index = ::if_nametoindex(bridge.c_str());
  const std::vector<Hierarchy> groups = hierarchies();
  FloorTimes times;
  std::vector<Sandbox> boxes;
  auto began = Clock::now();
  for (int i = 0; i < count; ++i) boxes.push_back(start_one(netlink, groups, directory, bridge_index, i));
  times.start_ms = since(began);
  began = Clock::now();
  stop_all(netlink, boxes);
  times.stop_ms = since(began);
  delete_link(netlink, bridge);
  return times;
}

}  // namespace compose::bench
