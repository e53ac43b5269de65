#include "base/lock_file.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

namespace compose::base {

namespace {

UniqueFd open_lock(const HostPath& path) {
  for (int attempt = 0;; ++attempt) {
    sys::make_directories(path.parent(), 0711);
    UniqueFd fd{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (fd) return fd;
    // Somebody who left nothing behind may take the directory away right after it was made.
    if (errno != ENOENT || attempt == 100) throw SysError(errno, text("open '{}'", path.str()));
  }
}

// False where the holder before removed it: then this one protects nothing.
bool is_still_there(const HostPath& path, int fd) {
  struct stat opened {};
  struct stat named {};
  check(::fstat(fd, &opened), "look at lock '{}'", path.str());
  return ::stat(path.c_str(), &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev;
}

// Interrupts blocking system calls (EINTR), again and again: one that comes just before a call is made up for
// by the next.
class Ticks {
 public:
  explicit Ticks(std::chrono::milliseconds every) {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // without SA_RESTART
    ::sigaction(SIGALRM, &action, &action_);
    sigset_t alarm;
    sigemptyset(&alarm);
    sigaddset(&alarm, SIGALRM);
    ::sigprocmask(SIG_UNBLOCK, &alarm, &mask_);
    const auto microseconds = std::chrono::microseconds{every}.count();
    const timeval step{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
    const itimerval timer{.it_interval = step, .it_value = step};
    ::setitimer(ITIMER_REAL, &timer, nullptr);
  }
  ~Ticks() {
    const itimerval none{};
    ::setitimer(ITIMER_REAL, &none, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_, nullptr);
    ::sigaction(SIGALRM, &action_, nullptr);
  }
  Ticks(const Ticks&) = delete;
  Ticks& operator=(const Ticks&) = delete;

 private:
  struct sigaction action_ {};
  sigset_t mask_{};
};

}  // namespace

std::optional<LockFile> LockFile::lock(const HostPath& path, int operation,
                                       const std::function<void()>& interrupted) {
  while (true) {
    auto fd = open_lock(path);
    while (::flock(fd.get(), operation) != 0) {
      if (errno == EWOULDBLOCK) return std::nullopt;
      if (errno != EINTR) throw SysError(errno, text("lock '{}'", path.str()));
      if (interrupted) interrupted();
    }
    if (is_still_there(path, fd.get())) return LockFile{path, std::move(fd)};
  }
}

std::optional<LockFile> LockFile::try_acquire(const HostPath& path) {
  return lock(path, LOCK_EX | LOCK_NB, {});
}

LockFile LockFile::acquire(const HostPath& path) {
  return *lock(path, LOCK_EX, {});
}

LockFile LockFile::acquire(const HostPath& path, std::chrono::milliseconds every,
                           const std::function<void()>& tick) {
  const Ticks ticks{every};
  return *lock(path, LOCK_EX, tick);
}

bool LockFile::is_held(const HostPath& path) {
  const auto fd = sys::open_if_exists(path, O_RDONLY);
  if (!fd || retry_eintr([&] { return ::flock(fd->get(), LOCK_SH | LOCK_NB); }) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  throw SysError(errno, text("lock '{}'", path.str()));
}

void LockFile::release() {
  if (fd_) check(::flock(fd_.get(), LOCK_UN), "release a lock");
  fd_.reset();
}

void LockFile::remove() {
  if (fd_) sys::remove_file_if_present(path_);
  release();
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
