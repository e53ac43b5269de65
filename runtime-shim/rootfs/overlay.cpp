#include "runtime-shim/rootfs/overlay.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <optional>
#include <sched.h>
#include <sys/mount.h>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;

constexpr std::size_t k_longest_fsconfig_value = 255;
constexpr std::size_t k_longest_mount_data = 4095;
constexpr std::size_t k_most_lower = 500;  // OVL_MAX_STACK of the kernel

bool set_string(int fs, const char* key, const std::string& value) {
  return value.size() <= k_longest_fsconfig_value &&
         sys::fsconfig(fs, FSCONFIG_SET_STRING, key, value.c_str(), 0) == 0;
}

// ':' separates layers and '\' escapes in the joined option.
std::string escape(const std::string& path) {
  std::string out;
  for (const char c : path) {
    if (c == ':' || c == '\\' || c == ',') out += '\\';
    out += c;
  }
  return out;
}

std::string join_lower(const RootfsSpec& rootfs) {
  std::string out;
  for (const auto& layer : rootfs.lower) out += (out.empty() ? "" : ":") + escape(layer.str());
  return out;
}

bool set_lower(int fs, const RootfsSpec& rootfs, bool one_by_one) {
  if (one_by_one && set_string(fs, "lowerdir+", rootfs.lower.front().str())) {
    for (std::size_t i = 1; i < rootfs.lower.size(); ++i)
      if (!set_string(fs, "lowerdir+", rootfs.lower[i].str())) return false;
    return true;
  }
  return set_string(fs, "lowerdir", join_lower(rootfs));
}

// What the kernel says about the refusal, or "" where it says nothing.
std::string kernel_message(int fs) {
  char buffer[256];
  const auto n = ::read(fs, buffer, sizeof buffer);
  if (n <= 2) return {};
  std::string message(buffer + 2, static_cast<std::size_t>(n - 2));
  while (!message.empty() && message.back() == '\n') message.pop_back();
  return " (" + message + ")";
}

// nullopt: some option does not fit or is not known; the older call may do it.
std::optional<base::UniqueFd> mount_with_fsopen(const RootfsSpec& rootfs) {
  base::UniqueFd fs{sys::fsopen("overlay", FSOPEN_CLOEXEC)};
  if (!fs) return std::nullopt;
  const bool one_by_one = sys::refuses_unknown_options(fs.get());
  if (!one_by_one) fs = base::UniqueFd{sys::fsopen("overlay", FSOPEN_CLOEXEC)};
  if (!fs || !set_lower(fs.get(), rootfs, one_by_one) ||
      !set_string(fs.get(), "upperdir", rootfs.upper.str()) ||
      !set_string(fs.get(), "workdir", rootfs.work.str()))
    return std::nullopt;
  if (sys::fsconfig(fs.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == -1) {
    const int error = errno;
    // The older kind of context reports everything only here.
    if (error == EINVAL && !one_by_one) return std::nullopt;
    throw base::SysError(error, "mount the layers of the image" + kernel_message(fs.get()));
  }
  return base::UniqueFd{
      base::check(sys::fsmount(fs.get(), FSMOUNT_CLOEXEC, 0), "mount the layers of the image")};
}

// One page holds all options, which is not much for paths: the layers get names of a few digits, links in a
// file system that only this moment sees. The place is "/proc", which exists and of which nothing is needed.
base::UniqueFd mount_with_mount(const RootfsSpec& rootfs) {
  const auto own_namespace = sys::open(HostPath{"/proc/self/ns/mnt"}, O_RDONLY);
  base::check(::unshare(CLONE_NEWNS), "make a mount namespace");
  const base::ScopeExit back{[&] {
    if (::setns(own_namespace.get(), CLONE_NEWNS) == -1 || ::chdir("/") == -1) std::terminate();
  }};
  base::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "make the mounts private");
  base::check(::mount("tmpfs", "/proc", "tmpfs", 0, nullptr), "make a place for links to the layers");
  base::check(::chdir("/proc"), "enter the place for links to the layers");
  std::string lower;
  for (std::size_t i = 0; i < rootfs.lower.size(); ++i) {
    const auto name = std::to_string(i);
    base::check(::symlink(rootfs.lower[i].c_str(), name.c_str()), "link to '{}'", rootfs.lower[i].str());
    lower += (lower.empty() ? "" : ":") + name;
  }
  const std::string data = base::text("lowerdir={},upperdir={},workdir={}", lower, escape(rootfs.upper.str()),
                                      escape(rootfs.work.str()));
  if (data.size() > k_longest_mount_data)
    base::fail("mount the layers of the image: '{}' is too long a path", rootfs.upper.str());
  base::check(::mount("overlay", "/proc", "overlay", 0, data.c_str()), "mount the layers of the image");
  return base::UniqueFd{base::check(sys::open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC),
                                    "hold the root file system")};
}

}  // namespace

base::UniqueFd open_rootfs(const RootfsSpec& rootfs) {
  if (rootfs.lower.empty()) base::fail("the container has no image layers");
  if (rootfs.lower.size() > k_most_lower)
    base::fail("mount the layers of the image: {} are more than the {} that an overlay takes",
               rootfs.lower.size(), k_most_lower);
  sys::make_directories(rootfs.upper);
  sys::make_directories(rootfs.work, 0700);
  if (auto mounted = mount_with_fsopen(rootfs)) return std::move(*mounted);
  return mount_with_mount(rootfs);
}

}  // namespace compose::rt
