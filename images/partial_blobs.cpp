#include "images/partial_blobs.hpp"

#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"

namespace compose::images {
namespace {

using base::HostPath;
using base::UniqueFd;

bool try_lock(int fd) {
  return ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

// Between opening and locking, whoever had it may have made it a blob, or removed it.
bool is_still(const HostPath& path, int fd) {
  const auto there = base::sys::lstat_if_exists(path);
  const auto held = base::sys::stat_fd(fd);
  return there && there->st_ino == held.st_ino && there->st_dev == held.st_dev;
}

}  // namespace

// Explicitly, because processes that were forked meanwhile have the descriptor too.
PartialBlob::~PartialBlob() {
  if (!file_) return;
  struct ::stat status {};
  if (::fstat(file_.get(), &status) == 0 && status.st_size == 0 && is_still(path_, file_.get()))
    ::unlink(path_.c_str());
  ::flock(file_.get(), LOCK_UN);
}

void PartialBlob::discard() {
  base::check(::ftruncate(file_.get(), 0), "empty '{}'", path_.str());
}

std::optional<PartialBlob> PartialBlobs::open(const std::string& digest, std::uint64_t size) const {
  base::sys::make_directory_if_missing(directory_, 0700);
  const auto path = directory_ / digest.substr(digest.find(':') + 1);
  for (;;) {
    auto file = base::sys::open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (!try_lock(file.get())) return std::nullopt;
    if (!is_still(path, file.get())) continue;
    auto there = static_cast<std::uint64_t>(base::sys::stat_fd(file.get()).st_size);
    if (there > size) {
      base::check(::ftruncate(file.get(), 0), "empty '{}'", path.str());
      there = 0;
    }
    return PartialBlob{path, std::move(file), there};
  }
}

PartialBlobs::Usage PartialBlobs::usage() const {
  Usage usage;
  for (const auto& name : base::list_directory(directory_)) {
    const auto status = base::sys::lstat_if_exists(directory_ / name);
    if (!status) continue;
    ++usage.count;
    usage.bytes += static_cast<std::uint64_t>(status->st_size);
  }
  return usage;
}

std::uint64_t PartialBlobs::remove_older_than(std::int64_t seconds) const {
  std::uint64_t removed = 0;
  const auto newest = static_cast<std::int64_t>(::time(nullptr)) - seconds;
  for (const auto& name : base::list_directory(directory_)) {
    const auto path = directory_ / name;
    const auto status = base::sys::lstat_if_exists(path);
    if (!status || (seconds > 0 && status->st_mtim.tv_sec > newest)) continue;
    const auto file = base::sys::open_if_exists(path, O_RDONLY | O_NOFOLLOW);
    if (!file || !try_lock(file->get()) || !is_still(path, file->get())) continue;
    if (base::sys::remove_file_if_present(path)) removed += static_cast<std::uint64_t>(status->st_size);
  }
  return removed;
}

}  // namespace compose::images
