#include "runtime-shim/client/live_rootfs.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "base/error.hpp"
#include "base/made_aside.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "runtime-shim/client/status.hpp"

namespace compose::rt {
namespace {

std::int64_t running_init(const RuntimePaths& paths, const ContainerId& id) {
  const auto status = read_status(paths, id);
  if (!status || status->init_pid == 0 || !shim_alive(paths, id)) base::fail("container is not running");
  return status->init_pid;
}

// A number may have been given to somebody else: it is the container's when it still is after it was opened.
base::UniqueFd mount_namespace_of(const RuntimePaths& paths, const ContainerId& id) {
  const auto pid = running_init(paths, id);
  auto ns = base::sys::open_if_exists(HostPath{base::text("/proc/{}/ns/mnt", pid)}, O_RDONLY);
  if (!ns || running_init(paths, id) != pid) base::fail("container is not running");
  return std::move(*ns);
}

void enter_mounts(const base::UniqueFd& mount_namespace) {
  base::check(::setns(mount_namespace.get(), CLONE_NEWNS), "enter the container's mounts");
}

// The container can make device nodes, and they would open with our rights.
constexpr std::uint64_t k_quiet_attributes = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

// `recursive`: 0 or AT_RECURSIVE.
base::UniqueFd copy_of_root(unsigned recursive, std::uint64_t attributes) {
  base::UniqueFd root{
      base::check(base::sys::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | recursive),
                  "copy the container's mounts")};
  mount_attr quiet{};
  quiet.attr_set = attributes;
  base::check(base::sys::mount_setattr(root.get(), "", AT_EMPTY_PATH | recursive, quiet),
              "make the copy of the container's mounts harmless");
  return root;
}

// All that lies there, one over the other. A privileged container may have arranged that as it likes.
void uncover(const char* path) {
  constexpr int k_most = 64;
  for (int i = 0; i < k_most && ::umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0; ++i) {
  }
}

}  // namespace

base::UniqueFd open_live_rootfs(const RuntimePaths& paths, const ContainerId& id) {
  const auto mounts = mount_namespace_of(paths, id);
  return base::made_aside([&] {
    enter_mounts(mounts);
    return copy_of_root(0, MOUNT_ATTR_RDONLY | k_quiet_attributes);
  });
}

base::UniqueFd open_live_tree(const RuntimePaths& paths, const ContainerId& id) {
  const auto mounts = mount_namespace_of(paths, id);
  return base::made_aside([&] {
    enter_mounts(mounts);
    base::check(::unshare(CLONE_NEWNS), "make a mount namespace");
    base::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make the mounts private");
    for (const char* path : {"/proc", "/sys", "/dev"}) uncover(path);
    return copy_of_root(AT_RECURSIVE, k_quiet_attributes);
  });
}

}  // namespace compose::rt
