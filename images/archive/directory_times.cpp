#include "images/archive/directory_times.hpp"

#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::images {
namespace {

constexpr std::size_t k_in_memory = 1U << 20U;

// What stands before each path.
struct TimeHead {
  dev_t device;
  ino_t inode;
  timespec modified;
  std::uint32_t path_size;
};

// Not every file system makes them.
base::UniqueFd nameless_file(int directory) {
  try {
    return base::sys::open_at(directory, ".", O_TMPFILE | O_RDWR, 0600);
  } catch (const base::SysError& e) {
    if (e.code() != EOPNOTSUPP && e.code() != EISDIR) throw;
  }
  return base::sys::make_memfd("directory times");
}

}  // namespace

void DirectoryTimes::add(const DirectoryTime& time) {
  TimeHead head{};
  head.device = time.device;
  head.inode = time.inode;
  head.modified = time.modified;
  head.path_size = static_cast<std::uint32_t>(time.path.size());
  pending_.append(reinterpret_cast<const char*>(&head), sizeof head).append(time.path);
  if (pending_.size() > k_in_memory) spill();
}

void DirectoryTimes::spill() {
  if (!file_) file_ = nameless_file(directory_);
  base::sys::write_all(file_.get(), pending_);
  pending_.clear();
}

void DirectoryTimes::each(const std::function<void(const DirectoryTime&)>& f) {
  if (file_) {
    spill();
    base::check(::lseek(file_.get(), 0, SEEK_SET), "rewind");
  }
  std::string block(k_in_memory, '\0');
  for (;;) {
    std::size_t at = 0;
    TimeHead head{};
    while (pending_.size() - at >= sizeof head) {
      std::memcpy(&head, pending_.data() + at, sizeof head);
      if (pending_.size() - at < sizeof head + head.path_size) break;
      f({.path = pending_.substr(at + sizeof head, head.path_size),
         .device = head.device,
         .inode = head.inode,
         .modified = head.modified});
      at += sizeof head + head.path_size;
    }
    pending_.erase(0, at);
    const auto got = file_ ? base::sys::read_some(file_.get(), block) : 0;
    if (got == 0) return;
    pending_.append(block, 0, got);
  }
}

}  // namespace compose::images
