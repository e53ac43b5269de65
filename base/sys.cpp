#include "base/sys.hpp"

#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/error.hpp"

namespace compose::base::sys {
namespace {

// An open, or nullopt where the file is not there.
std::optional<UniqueFd> try_open(int directory, const char* path, int flags, mode_t mode) {
  const int fd = retry_eintr([&] { return ::openat(directory, path, flags | O_CLOEXEC, mode); });
  if (fd == -1 && errno == ENOENT) return std::nullopt;
  return UniqueFd{check(fd, "open '{}'", path)};
}

UniqueFd require(std::optional<UniqueFd> fd, const char* path) {
  if (!fd) throw SysError(ENOENT, text("open '{}'", path));
  return std::move(*fd);
}

template <class Stat>
std::optional<struct ::stat> stat_with(Stat call, const HostPath& path) {
  struct ::stat info {};
  if (call(path.c_str(), &info) == 0) return info;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw SysError(errno, text("stat '{}'", path.str()));
}

}  // namespace

UniqueFd open(const HostPath& path, int flags, mode_t mode) {
  return require(try_open(AT_FDCWD, path.c_str(), flags, mode), path.c_str());
}
std::optional<UniqueFd> open_if_exists(const HostPath& path, int flags, mode_t mode) {
  return try_open(AT_FDCWD, path.c_str(), flags, mode);
}
UniqueFd open_at(int directory, const std::string& name, int flags, mode_t mode) {
  return require(try_open(directory, name.c_str(), flags, mode), name.c_str());
}
std::optional<UniqueFd> open_at_if_exists(int directory, const std::string& name, int flags, mode_t mode) {
  return try_open(directory, name.c_str(), flags, mode);
}

void make_directory(const HostPath& path, mode_t mode) {
  check(::mkdir(path.c_str(), mode), "create directory '{}'", path.str());
}

void make_directory_if_missing(const HostPath& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == -1 && errno != EEXIST)
    throw SysError(errno, text("create directory '{}'", path.str()));
}

void make_directories(const HostPath& path, mode_t mode) {
  // Somebody may remove a parent, empty as it is, between its making and that of what it is made for.
  constexpr int k_attempts = 100;
  for (int attempt = 0; attempt < k_attempts; ++attempt) {
    if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return;
    if (errno != ENOENT) break;
    make_directories(path.parent(), mode);
  }
  throw SysError(errno, text("create directory '{}'", path.str()));
}

bool remove_file_if_present(const HostPath& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  throw SysError(errno, text("remove '{}'", path.str()));
}

bool remove_directory_if_present(const HostPath& path) {
  if (::rmdir(path.c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  throw SysError(errno, text("remove directory '{}'", path.str()));
}

void rename(const HostPath& from, const HostPath& to) {
  check(::rename(from.c_str(), to.c_str()), "rename '{}' to '{}'", from.str(), to.str());
}

void make_symlink(const std::string& target, const HostPath& link) {
  check(::symlink(target.c_str(), link.c_str()), "create link '{}'", link.str());
}

bool exists(const HostPath& path) {
  return lstat_if_exists(path).has_value();
}
std::optional<struct ::stat> stat_if_exists(const HostPath& path) {
  return stat_with(::stat, path);
}
std::optional<struct ::stat> lstat_if_exists(const HostPath& path) {
  return stat_with(::lstat, path);
}

FreeSpace free_space(int fd) {
  struct ::statvfs status {};
  check(::fstatvfs(fd, &status), "ask for free space");
  return {.bytes = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize,
          .files = status.f_files == 0 ? UINT64_MAX : status.f_favail};
}
FreeSpace free_space(const HostPath& path) {
  return free_space(open(path, O_PATH).get());
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = retry_eintr([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (n == -1 && errno == EAGAIN) {
      // Somebody who shares the file description has made it non-blocking.
      pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
      retry_eintr([&] { return ::poll(&room, 1, -1); });
      continue;
    }
    bytes.remove_prefix(static_cast<std::size_t>(check(n, "write")));
  }
}

std::size_t read_some(int fd, std::span<char> into) {
  return static_cast<std::size_t>(
      check(retry_eintr([&] { return ::read(fd, into.data(), into.size()); }), "read"));
}

std::string read_to_end(int fd, std::size_t limit) {
  std::string bytes;
  char chunk[16384];
  while (const auto n = read_some(fd, chunk)) {
    if (bytes.size() + n > limit) fail("read: more than {} bytes", limit);
    bytes.append(chunk, n);
  }
  return bytes;
}

Pipe make_pipe(int extra_flags) {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC | extra_flags), "create pipe");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

std::pair<UniqueFd, UniqueFd> make_socket_pair(int type) {
  int ends[2];
  check(::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), "create socket pair");
  return {UniqueFd{ends[0]}, UniqueFd{ends[1]}};
}

UniqueFd make_socket(int domain, int type, int protocol) {
  return UniqueFd{check(::socket(domain, type | SOCK_CLOEXEC, protocol), "create socket")};
}

UniqueFd make_event_fd() {
  return UniqueFd{check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "create eventfd")};
}
UniqueFd make_timer_fd(int clock) {
  return UniqueFd{check(::timerfd_create(clock, TFD_CLOEXEC | TFD_NONBLOCK), "create timer")};
}
UniqueFd make_epoll() {
  return UniqueFd{check(::epoll_create1(EPOLL_CLOEXEC), "create epoll")};
}
UniqueFd make_memfd(const char* name) {
  return UniqueFd{check(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), "create memfd '{}'", name)};
}
UniqueFd duplicate(int fd) {
  return UniqueFd{check(::fcntl(fd, F_DUPFD_CLOEXEC, 3), "duplicate descriptor {}", fd)};
}

std::optional<std::string> environment(const char* name) {
  const char* value = ::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody writes the environment
  if (value == nullptr) return std::nullopt;
  return std::string{value};
}

// As the shell calls it, links included, where that is still true.
std::string current_directory() {
  const auto named = environment("PWD");
  struct ::stat of_name {};
  struct ::stat of_dot {};
  if (named && named->starts_with('/') && ::stat(named->c_str(), &of_name) == 0 &&
      ::stat(".", &of_dot) == 0 && of_name.st_dev == of_dot.st_dev && of_name.st_ino == of_dot.st_ino)
    return *named;
  const std::unique_ptr<char, void (*)(void*)> path{::getcwd(nullptr, 0), ::free};
  if (!path) throw SysError(errno, "get the current directory");
  return path.get();
}

std::string host_name() {
  char name[256] = {};
  check(::gethostname(name, sizeof name - 1), "get the host name");
  return name;
}

}  // namespace compose::base::sys
