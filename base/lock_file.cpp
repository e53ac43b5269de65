#include "base/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

namespace compose::base {

std::optional<LockFile> LockFile::try_acquire(const HostPath& path) {
  auto fd = sys::open(path, O_RDWR | O_CREAT, 0600);
  if (retry_eintr([&] { return ::flock(fd.get(), LOCK_EX | LOCK_NB); }) == 0) return LockFile{std::move(fd)};
  if (errno == EWOULDBLOCK) return std::nullopt;
  throw SysError(errno, text("lock '{}'", path.str()));
}

LockFile LockFile::acquire(const HostPath& path) {
  auto fd = sys::open(path, O_RDWR | O_CREAT, 0600);
  check(retry_eintr([&] { return ::flock(fd.get(), LOCK_EX); }), "lock '{}'", path.str());
  return LockFile{std::move(fd)};
}

void LockFile::release() {
  if (fd_) check(::flock(fd_.get(), LOCK_UN), "release a lock");
  fd_.reset();
}

std::string LockFile::note_of_holder(const HostPath& path) {
  return read_file_if_exists(path, 4096).value_or("");
}

std::string LockFile::note() const {
  std::string note(4096, '\0');
  const auto n = retry_eintr([&] { return ::pread(fd_.get(), note.data(), note.size(), 0); });
  note.resize(static_cast<std::size_t>(check(n, "read the lock file")));
  return note;
}

void LockFile::set_note(std::string_view note) {
  check(::ftruncate(fd_.get(), 0), "truncate the lock file");
  check(::lseek(fd_.get(), 0, SEEK_SET), "rewind the lock file");
  sys::write_all(fd_.get(), note);
}

}  // namespace compose::base
