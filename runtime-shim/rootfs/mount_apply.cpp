#include "runtime-shim/rootfs/mount_apply.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>

#include "base/sys_linux.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;
using base::UniqueFd;

int result(int returned) noexcept {
  return returned == -1 ? errno : 0;
}

struct StandardNode {
  const char* name;
  unsigned major;
  unsigned minor;
};
constexpr StandardNode k_nodes[] = {{"null", 1, 3}, {"zero", 1, 5},   {"full", 1, 7},
                                    {"tty", 5, 0},  {"random", 1, 8}, {"urandom", 1, 9}};

struct StandardLink {
  const char* target;
  const char* name;
};
constexpr StandardLink k_links[] = {{"/proc/self/fd", "fd"},
                                    {"/proc/self/fd/0", "stdin"},
                                    {"/proc/self/fd/1", "stdout"},
                                    {"/proc/self/fd/2", "stderr"},
                                    {"pts/ptmx", "ptmx"}};

int make_leaf(int parent, const char* name, bool file) noexcept {
  if (!file) return ::mkdirat(parent, name, 0755) == -1 && errno != EEXIST ? errno : 0;
  const UniqueFd made{::openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644)};
  return made ? 0 : errno;
}

// Makes what is missing of `path`, one component after the other, each reached by descriptor.
int make_target(int root, const char* path, bool file) noexcept {
  char partial[PATH_MAX];
  const std::size_t length = std::strlen(path);
  if (length >= sizeof partial) return ENAMETOOLONG;
  std::memcpy(partial, path, length + 1);
  UniqueFd parent{open_below(root, "/", O_PATH | O_DIRECTORY)};
  for (char* name = partial + 1; *name != '\0';) {
    char* end = std::strchr(name, '/');
    if (end != nullptr) *end = '\0';
    int next = open_below(root, partial, O_PATH);
    if (next == -ENOENT) {
      if (const int error = make_leaf(parent.get(), name, file && end == nullptr); error != 0) return error;
      next = open_below(root, partial, O_PATH);
    }
    if (next < 0) return -next;
    parent.reset(next);
    if (end == nullptr) break;
    *end = '/';
    name = end + 1;
  }
  return 0;
}

// The descriptor that a mount goes on, or -errno.
int open_target(int root, const MountStep& step) noexcept {
  const std::uint64_t resolve = step.real_directory ? RESOLVE_NO_SYMLINKS : 0;
  int fd = open_below(root, step.target.c_str(), O_PATH, resolve);
  if (fd != -ENOENT) return fd;
  if (const int error = make_target(root, step.target.c_str(), step.target_is_file); error != 0)
    return -error;
  return open_below(root, step.target.c_str(), O_PATH, resolve);
}

// mount(2) on a descriptor: as the working directory it needs no path that somebody could exchange.
int mount_here(int target, const MountStep& step, unsigned long flags) noexcept {
  if (::fchdir(target) == -1) return errno;
  return result(::mount(step.type.c_str(), ".", step.type.c_str(), flags, step.data.c_str()));
}

int attach(int tree, int target) noexcept {
  return result(sys::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH));
}

int set_attributes(int tree, std::uint64_t set, std::uint64_t propagation, bool recursive) noexcept {
  const mount_attr attributes{.attr_set = set, .attr_clr = 0, .propagation = propagation, .userns_fd = 0};
  return result(sys::mount_setattr(
      tree, "", static_cast<unsigned>(AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)), attributes));
}

// A copy of what is mounted there, or -1 with errno.
int open_source(const MountStep& step) noexcept {
  const unsigned flags =
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (step.recursive ? static_cast<unsigned>(AT_RECURSIVE) : 0U);
  if (step.inside.empty()) return sys::open_tree(AT_FDCWD, step.source.c_str(), flags);
  const UniqueFd source{open_inside(step.source, step.inside)};
  return source ? sys::open_tree(source.get(), "", flags | AT_EMPTY_PATH) : -1;
}

int apply_bind(int target, const MountStep& step, bool keep_propagation) noexcept {
  const UniqueFd tree{open_source(step)};
  if (!tree) return errno;
  const std::uint64_t propagation = keep_propagation ? step.propagation : 0;
  if (step.attributes != 0 || propagation != 0)
    if (const int error = set_attributes(tree.get(), step.attributes, propagation, step.recursive);
        error != 0)
      return error;
  return attach(tree.get(), target);
}

int make_device_tree(int dev) noexcept {
  for (const auto& node : k_nodes) {
    if (::mknodat(dev, node.name, S_IFCHR | 0666, ::makedev(node.major, node.minor)) == -1) return errno;
    if (::fchmodat(dev, node.name, 0666, 0) == -1) return errno;
  }
  for (const auto& link : k_links)
    if (::symlinkat(link.target, dev, link.name) == -1) return errno;
  if (::access("/proc/kcore", F_OK) == 0 && ::symlinkat("/proc/kcore", dev, "core") == -1) return errno;
  return 0;
}

int bind_v1_directory(int tree, const V1Directory& directory) noexcept {
  if (::mkdirat(tree, directory.name.c_str(), 0755) == -1) return errno;
  const UniqueFd place{::openat(tree, directory.name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  const UniqueFd own{sys::open_tree(AT_FDCWD, directory.source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)};
  if (!place || !own) return errno;
  constexpr std::uint64_t k_attributes =
      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
  if (const int error = set_attributes(own.get(), k_attributes, 0, false); error != 0) return error;
  if (const int error = attach(own.get(), place.get()); error != 0) return error;
  for (const auto& link : directory.links)
    if (::symlinkat(directory.name.c_str(), tree, link.c_str()) == -1) return errno;
  return 0;
}

int apply_cgroup_v1(const PreparedMounts& mounts, int root, const MountStep& step) noexcept {
  const UniqueFd tree{open_below(root, step.target.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS)};
  if (!tree) return ENOENT;
  for (const auto& directory : mounts.v1)
    if (const int error = bind_v1_directory(tree.get(), directory); error != 0) return error;
  return (step.flags & MS_RDONLY) != 0 ? set_attributes(tree.get(), MOUNT_ATTR_RDONLY, 0, false) : 0;
}

int apply_step(const PreparedMounts& mounts, int root, const MountStep& step) noexcept {
  const int opened = open_target(root, step);
  if (opened < 0) return -opened;
  const UniqueFd target{opened};
  switch (step.kind) {
    case MountKind::bind:
      return apply_bind(target.get(), step, mounts.plan.keep_propagation);
    case MountKind::filesystem:
      return mount_here(target.get(), step, step.flags);
    case MountKind::device_tree: {
      if (const int error =
              mount_here(target.get(), step, step.flags & ~static_cast<unsigned long>(MS_RDONLY));
          error != 0)
        return error;
      const UniqueFd dev{open_below(root, step.target.c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS)};
      return dev ? make_device_tree(dev.get()) : ENOENT;
    }
    case MountKind::cgroup_v1:
      if (const int error =
              mount_here(target.get(), step, step.flags & ~static_cast<unsigned long>(MS_RDONLY));
          error != 0)
        return error;
      return apply_cgroup_v1(mounts, root, step);
  }
  return EINVAL;
}

// One empty read-only tmpfs for every masked directory.
int open_empty_directory() noexcept {
  const UniqueFd fs{sys::fsopen("tmpfs", FSOPEN_CLOEXEC)};
  if (!fs || sys::fsconfig(fs.get(), FSCONFIG_SET_STRING, "nr_blocks", "1", 0) == -1 ||
      sys::fsconfig(fs.get(), FSCONFIG_SET_STRING, "nr_inodes", "2", 0) == -1 ||
      sys::fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == -1)
    return -1;
  return sys::fsmount(fs.get(), FSMOUNT_CLOEXEC,
                      MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

// The host's /dev/null, seen to be it: what the image calls /dev/null does not matter.
int open_null_tree() noexcept {
  UniqueFd tree{sys::open_tree(AT_FDCWD, "/dev/null", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)};
  struct ::stat info {};
  if (!tree || ::fstat(tree.get(), &info) == -1) return -1;
  if (!S_ISCHR(info.st_mode) || info.st_rdev != ::makedev(1, 3)) {
    errno = ENODEV;
    return -1;
  }
  return tree.release();
}

class Masks {
 public:
  int hide(int root, const char* path) noexcept {
    const int opened = open_below(root, path, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
    if (opened < 0) return opened == -ENOENT || opened == -ENOTDIR ? 0 : -opened;
    const UniqueFd target{opened};
    struct ::stat info {};
    if (::fstat(target.get(), &info) == -1) return errno;
    if (!S_ISDIR(info.st_mode)) {
      const UniqueFd null{open_null_tree()};
      return null ? attach(null.get(), target.get()) : errno;
    }
    if (!directory_) directory_.reset(open_empty_directory());
    if (!directory_) return errno;
    if (!attached_) {
      attached_ = true;
      return attach(directory_.get(), target.get());
    }
    const UniqueFd copy{
        sys::open_tree(directory_.get(), "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH)};
    return copy ? attach(copy.get(), target.get()) : errno;
  }

 private:
  UniqueFd directory_;
  bool attached_ = false;
};

int make_read_only(int root, const char* path) noexcept {
  const int opened = open_below(root, path, O_PATH | O_NOFOLLOW, RESOLVE_NO_SYMLINKS);
  if (opened < 0) return opened == -ENOENT || opened == -ENOTDIR ? 0 : -opened;
  const UniqueFd target{opened};
  const UniqueFd tree{sys::open_tree(
      target.get(), "",
      static_cast<unsigned>(OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE))};
  if (!tree) return errno;
  if (const int error = set_attributes(tree.get(), MOUNT_ATTR_RDONLY, 0, true); error != 0) return error;
  return attach(tree.get(), target.get());
}

int make_device(int root, const PreparedDevice& device) noexcept {
  const char* path = device.target.c_str();
  if (const int error = make_target(root, path, true); error != 0) return error;
  const char* name = std::strrchr(path, '/') + 1;
  char parent_path[PATH_MAX];
  std::memcpy(parent_path, path, static_cast<std::size_t>(name - path));
  parent_path[name - path] = '\0';
  const UniqueFd parent{open_below(root, parent_path, O_PATH | O_DIRECTORY)};
  if (!parent || ::unlinkat(parent.get(), name, 0) == -1) return errno;
  if (::mknodat(parent.get(), name, device.mode, device.number) == -1) return errno;
  const UniqueFd made{::openat(parent.get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC)};
  struct ::stat info {};
  if (!made || ::fstat(made.get(), &info) == -1) return errno;
  if (info.st_rdev != device.number || (info.st_mode & S_IFMT) != (device.mode & S_IFMT)) return EEXIST;
  if (::fchownat(made.get(), "", device.uid, device.gid, AT_EMPTY_PATH) == -1) return errno;
  return result(::fchmodat(parent.get(), name, device.mode & 07777, 0));
}

}  // namespace

int open_below(int root, const char* path, std::uint64_t flags, std::uint64_t extra_resolve) noexcept {
  const open_how how{.flags = flags | O_CLOEXEC,
                     .mode = 0,
                     .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | extra_resolve};
  for (int attempt = 0; attempt < 100; ++attempt) {
    const int fd = sys::openat2(root, path, how);
    if (fd >= 0) return fd;
    // EAGAIN: a rename somewhere raced with "..", which a hostile neighbour can keep up for a while.
    if (errno != EINTR && errno != EAGAIN) return -errno;
  }
  return -EAGAIN;
}

int open_inside(const std::string& source, const std::string& inside) noexcept {
  const UniqueFd root{::open(source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!root) return -1;
  const int found = open_below(root.get(), inside.c_str(), O_PATH);
  if (found >= 0) return found;
  errno = -found;
  return -1;
}

namespace {

int apply_steps(const PreparedMounts& mounts, int root, std::size_t end, std::uint16_t& at) noexcept {
  for (; at < end; ++at)
    if (const int error = apply_step(mounts, root, mounts.plan.steps[at]); error != 0) return error;
  return 0;
}

}  // namespace

int apply_mounts_before_network(const PreparedMounts& mounts, int root, std::uint16_t& at) noexcept {
  return apply_steps(mounts, root, mounts.plan.before_network, at);
}

int apply_mounts(const PreparedMounts& mounts, int root, std::uint16_t& at) noexcept {
  if (const int error = apply_steps(mounts, root, mounts.plan.steps.size(), at); error != 0) return error;
  for (const auto& device : mounts.devices) {
    if (const int error = make_device(root, device); error != 0) return error;
    ++at;
  }
  return 0;
}

int protect_paths(const PreparedMounts& mounts, int root, std::uint16_t& at) noexcept {
  Masks masks;
  for (const auto& path : mounts.plan.masked) {
    if (const int error = masks.hide(root, path.c_str()); error != 0) return error;
    ++at;
  }
  for (const auto& path : mounts.plan.read_only) {
    if (const int error = make_read_only(root, path.c_str()); error != 0) return error;
    ++at;
  }
  return 0;
}

std::string describe_step(const PreparedMounts& mounts, std::uint16_t at) {
  std::size_t index = at;
  if (index < mounts.plan.steps.size()) {
    const auto& step = mounts.plan.steps[index];
    return base::text("mount '{}' on '{}'", step.kind == MountKind::bind ? source_of(step) : step.type,
                      step.target);
  }
  index -= mounts.plan.steps.size();
  if (index < mounts.devices.size()) return base::text("make device '{}'", mounts.devices[index].target);
  index -= mounts.devices.size();
  if (index < mounts.plan.masked.size()) return base::text("mask '{}'", mounts.plan.masked[index]);
  index -= mounts.plan.masked.size();
  return base::text("make '{}' read-only", mounts.plan.read_only[index]);
}

int enter_root(int root) noexcept {
  if (::fchdir(root) == -1 || sys::pivot_root(".", ".") == -1) return errno;
  // The old root lies over the new one now; it must not be able to pass an unmount on.
  if (::mount(nullptr, ".", nullptr, MS_REC | MS_SLAVE, nullptr) == -1 || ::umount2(".", MNT_DETACH) == -1)
    return errno;
  return result(::chdir("/"));
}

}  // namespace compose::rt
