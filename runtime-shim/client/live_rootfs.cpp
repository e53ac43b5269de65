#include "runtime-shim/client/live_rootfs.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/channel.hpp"
#include "base/error.hpp"
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

[[noreturn]] void tell_and_end(int socket, const char* why) noexcept {
  try {
    base::send_message(socket, why);
  } catch (const std::exception&) {
    // Nobody listens.
  }
  ::_exit(1);
}

// In a process of its own, because whoever enters a mount namespace loses the place it was at.
[[noreturn]] void copy_root_mount(int mount_namespace, int socket) {
  try {
    base::check(::setns(mount_namespace, CLONE_NEWNS), "enter the container's mounts");
    const base::UniqueFd root{base::check(
        base::sys::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC), "copy the root's mount")};
    // The container can make device nodes, and they would open with our rights.
    mount_attr quiet{};
    quiet.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    base::check(base::sys::mount_setattr(root.get(), "", AT_EMPTY_PATH, quiet), "make the copy read-only");
    const int fd = root.get();
    base::send_message(socket, "", std::span{&fd, 1U});
    ::_exit(0);
  } catch (const std::exception& e) {
    tell_and_end(socket, e.what());
  }
}

}  // namespace

base::UniqueFd open_live_rootfs(const RuntimePaths& paths, const ContainerId& id) {
  const auto mounts = mount_namespace_of(paths, id);
  int ends[2];
  base::check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "make a socket pair");
  const base::UniqueFd ours{ends[0]};
  base::UniqueFd theirs{ends[1]};
  const pid_t child = base::check(::fork(), "start a process");
  if (child == 0) copy_root_mount(mounts.get(), theirs.get());
  theirs = {};
  auto message = base::receive_message(ours.get());
  (void)base::retry_eintr([&] { return ::waitpid(child, nullptr, 0); });
  if (!message) base::fail("the process that looked at the container ended");
  if (message->fds.empty()) base::fail("{}", message->bytes);
  return std::move(message->fds.front());
}

}  // namespace compose::rt
