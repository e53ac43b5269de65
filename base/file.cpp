#include "base/file.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"

namespace compose::base {
namespace {

// Opening a pipe waits for somebody who writes to it, without end where there is nobody: it is opened without
// waiting, and one that nobody has opened for writing is refused. What a shell gives as <(command) has a
// writer, or has had one.
constexpr int k_no_waiting = O_RDONLY | O_NONBLOCK;

std::string begin_of_pipe(int fd) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  check(retry_eintr([&] { return ::poll(&waiting, 1, 0); }), "wait for a pipe");
  if (waiting.revents != 0) return {};
  char byte = 0;
  const auto got = retry_eintr([&] { return ::read(fd, &byte, 1); });
  if (got == 0) fail("it is a pipe and nobody writes to it");
  return got == 1 ? std::string{byte} : std::string{};
}

std::string read_whole(int fd, const HostPath& path, std::size_t limit) {
  return with_context(text("read '{}'", path.str()), [&] {
    struct ::stat status {};
    check(::fstat(fd, &status), "ask for its type");
    const auto begin = S_ISFIFO(status.st_mode) ? begin_of_pipe(fd) : std::string{};
    check(::fcntl(fd, F_SETFL, 0), "make it wait");
    return begin + sys::read_to_end(fd, limit);
  });
}

}  // namespace

std::string read_file(const HostPath& path, std::size_t limit) {
  return read_whole(sys::open(path, k_no_waiting).get(), path, limit);
}

std::optional<std::string> read_file_if_exists(const HostPath& path, std::size_t limit) {
  const auto fd = sys::open_if_exists(path, k_no_waiting);
  if (!fd) return std::nullopt;
  return read_whole(fd->get(), path, limit);
}

void write_file_atomically(const HostPath& path, std::string_view bytes, unsigned mode,
                           Durability durability) {
  const HostPath aside{text("{}.tmp-{}", path.str(), ::getpid())};
  ScopeExit discard{[&] { ::unlink(aside.c_str()); }};
  {
    const auto fd = sys::open(aside, O_WRONLY | O_CREAT | O_TRUNC, mode);
    with_context(text("write '{}'", path.str()), [&] { sys::write_all(fd.get(), bytes); });
    if (durability == Durability::synced) check(::fsync(fd.get()), "sync '{}'", path.str());
  }
  sys::rename(aside, path);
  discard.dismiss();
  if (durability == Durability::synced) {
    const auto directory = sys::open(path.parent(), O_RDONLY | O_DIRECTORY);
    check(::fsync(directory.get()), "sync '{}'", path.parent().str());
  }
}

std::vector<std::string> list_directory(const HostPath& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::opendir(path.c_str()), ::closedir};
  if (!stream) {
    if (errno == ENOENT) return names;
    throw SysError(errno, text("read directory '{}'", path.str()));
  }
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

TemporaryDirectory::TemporaryDirectory(const std::string& prefix) {
  std::string pattern = prefix + "XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) throw SysError(errno, text("create directory '{}'", pattern));
  path_ = HostPath{std::move(pattern)};
}

TemporaryDirectory::~TemporaryDirectory() {
  try {
    sys::remove_tree(path_);
  } catch (const Error& e) {
    std::fprintf(stderr, "%s, ignoring\n", e.what());
  }
}

}  // namespace compose::base
