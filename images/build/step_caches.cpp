#include "images/build/step_caches.hpp"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"

namespace compose::images {
namespace {

constexpr int k_most_private_caches = 64;

// Who shares keeps out those who do not.
int lock_of(CacheSharing sharing) {
  if (sharing == CacheSharing::shared) return LOCK_SH;
  return sharing == CacheSharing::locked ? LOCK_EX : LOCK_EX | LOCK_NB;
}

bool is_still_at(const base::HostPath& path, int directory) {
  const auto own = base::sys::stat_fd(directory);
  const auto there = base::sys::lstat_if_exists(path);
  return there && there->st_dev == own.st_dev && there->st_ino == own.st_ino;
}

// nullopt: it is not there.
std::optional<base::UniqueFd> open_in(int root, const std::string& path) {
  const open_how how{
      .flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  base::UniqueFd found{base::retry_eintr([&] { return base::sys::openat2(root, path.c_str(), how); })};
  if (found) return found;
  if (errno == ENOENT) return std::nullopt;
  throw base::SysError(errno, base::text("open '{}' in a cache", path));
}

}  // namespace

CacheSharing cache_sharing(const std::string& word) {
  if (word == "locked") return CacheSharing::locked;
  return word == "private" ? CacheSharing::private_ : CacheSharing::shared;
}

void StepCaches::want(const std::string& id, CacheWish wish) {
  const auto [found, is_new] = wishes_.try_emplace(id, wish);
  if (!is_new) found->second.sharing = std::max(found->second.sharing, wish.sharing);
}

void StepCaches::take() {
  for (const auto& [id, wish] : wishes_) taken_[id] = take_one(id, wish);
}

StepCaches::Taken StepCaches::take_one(const std::string& id, const CacheWish& wish) const {
  for (int copy = 0; copy < k_most_private_caches;) {
    auto taken = provide(copy == 0 ? id : base::text("{}\n#{}", id, copy), wish);
    if (!lock(taken, lock_of(wish.sharing))) {
      ++copy;
    } else if (is_still_at(taken.path, taken.directory.get())) {
      return taken;
    }
  }
  base::fail("RUN --mount: {} steps use the cache already", k_most_private_caches);
}

// False: somebody else has it.
bool StepCaches::lock(const Taken& taken, int operation) {
  if (base::retry_eintr([&] { return ::flock(taken.directory.get(), operation); }) == 0) return true;
  if (errno != EWOULDBLOCK) throw base::SysError(errno, "lock a cache");
  return false;
}

StepCaches::Taken StepCaches::provide(const std::string& id, const CacheWish& wish) const {
  const auto path = layers_.cache_path(id);
  for (;;) {
    if (auto directory = base::sys::open_if_exists(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
      return {.path = path, .directory = std::move(*directory)};
    make(path, wish);
  }
}

// Aside, with what it begins with: it is either complete or not there. Where another step was faster, its
// cache is the one.
void StepCaches::make(const base::HostPath& path, const CacheWish& wish) const {
  const auto aside = workspace_.path() / ("cache-" + path.name());
  base::sys::make_directory(aside, 0755);
  if (wish.fill) wish.fill(aside);
  base::check(::chown(aside.c_str(), wish.owner.uid, wish.owner.gid), "set the owner of a cache");
  base::check(::chmod(aside.c_str(), wish.mode), "set the mode of a cache");
  if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return;
  if (errno != EEXIST) throw base::SysError(errno, base::text("make '{}'", path.str()));
  base::sys::remove_tree(aside);
}

void make_directories_inside(int root, const std::string& path) {
  auto parent = open_in(root, ".");
  for (std::size_t end = 0; end != std::string::npos;) {
    const auto begin = end == 0 ? 0 : end + 1;
    end = path.find('/', begin);
    auto next = open_in(root, path.substr(0, end));
    if (!next) {
      const auto name = path.substr(begin, end == std::string::npos ? end : end - begin);
      if (::mkdirat(parent->get(), name.c_str(), 0755) == -1 && errno != EEXIST)
        throw base::SysError(errno, base::text("make '{}' in a cache", path));
      next = open_in(root, path.substr(0, end));
      if (!next) base::fail("make '{}' in a cache: '{}' is a link to nothing", path, path.substr(0, end));
    }
    parent = std::move(next);
  }
}

}  // namespace compose::images
