#include "images/workspace.hpp"

#include <algorithm>
#include <ctime>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/id.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"

namespace compose::images {
namespace {

using base::HostPath;
using std::chrono::nanoseconds;

constexpr std::size_t k_most_grounds = 12;
constexpr nanoseconds k_quick{30'000};  // making a directory takes 20 000 or so, on a machine of its time
constexpr std::size_t k_enough = 4;     // grounds that are alike: the machine is slow, not the ground

nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

nanoseconds timed_directory(const HostPath& path, mode_t mode) {
  const auto from = processor_time();
  base::sys::make_directory(path, mode);
  return processor_time() - from;
}

// Removal that never throws: the next sweep takes what is left.
void discard_ground(const HostPath& path) noexcept {
  try {
    base::sys::remove_tree(path);
  } catch (const base::Error&) {
  }
}

Ground make_ground(const HostPath& parent) {
  const auto path = parent / base::random_hex(8);
  try {
    const auto own = timed_directory(path, 0700);
    const auto upper = timed_directory(path / "upper", 0755);
    const auto work = timed_directory(path / "work", 0755);
    return {.path = path, .cost = std::min({own, upper, work})};
  } catch (const base::Error&) {
    discard_ground(path);
    throw;
  }
}

// Good ground is many times quicker than bad, and bad ground is bad to any degree.
bool are_alike(const std::vector<Ground>& grounds) {
  const auto [quickest, slowest] = std::ranges::minmax_element(grounds, {}, &Ground::cost);
  return quickest->cost * 2 > slowest->cost;
}

// What becomes the root of a layer does not depend on who makes it or on where: a group that the directory
// above gives away, or rights that it hands down, which would take bits from every file.
void settle_root(const HostPath& upper) {
  for (const char* rights : {"system.posix_acl_default", "system.posix_acl_access"})
    if (::removexattr(upper.c_str(), rights) == -1 && errno != ENODATA && errno != ENOTSUP)
      throw base::SysError(errno, base::text("take the rights of '{}' away", upper.str()));
  if (::geteuid() == 0) base::sys::set_owner_at(AT_FDCWD, upper.str(), 0, 0);
  base::check(::chmod(upper.c_str(), 0755), "set the mode of '{}'", upper.str());
}

// ext4 then makes the trees in `parent` far from one another. False: this file system knows no such wish.
bool spread_directories(const HostPath& parent) {
  const auto directory = base::sys::open(parent, O_RDONLY | O_DIRECTORY);
  int flags = 0;
  if (::ioctl(directory.get(), FS_IOC_GETFLAGS, &flags) != 0) return false;
  if ((flags & FS_TOPDIR_FL) != 0) return true;
  flags |= FS_TOPDIR_FL;
  return ::ioctl(directory.get(), FS_IOC_SETFLAGS, &flags) == 0;
}

}  // namespace

HostPath choose_ground(std::size_t most, const std::function<Ground()>& make,
                       const std::function<void(const HostPath&)>& discard) {
  std::vector<Ground> grounds{make()};
  try {
    while (grounds.back().cost > k_quick && grounds.size() < most &&
           (grounds.size() < k_enough || !are_alike(grounds)))
      grounds.push_back(make());  // beside those before it, which keep it from their part of the disk
  } catch (const base::Error&) {
    // Those that are there will do.
  }
  const auto best = std::ranges::min_element(grounds, {}, &Ground::cost)->path;
  for (const auto& ground : grounds)
    if (ground.path != best) discard(ground.path);
  return best;
}

Workspace::Workspace(const HostPath& parent)
    : path_(choose_ground(
          spread_directories(parent) ? k_most_grounds : 1, [&] { return make_ground(parent); },
          discard_ground)) {
  settle_root(upper());
}

Workspace::~Workspace() {
  if (!path_.empty()) discard_ground(path_);
}

Workspace::Workspace(Workspace&& other) noexcept : path_(std::exchange(other.path_, HostPath{})) {}

}  // namespace compose::images
