#include "runtime-shim/shim/status_file.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "runtime-shim/spec/status_codec.hpp"

namespace compose::rt {

namespace sys = base::sys;

RunDirectory::RunDirectory(const HostPath& run_root, const ContainerId& id) : path_(run_root / id.str()) {
  sys::make_directories(path_, 0711);
  directory_ = sys::open(path_, O_RDONLY | O_DIRECTORY);
  base::check(::fchmod(directory_.get(), 0700), "protect '{}'", path_.str());
  alive_ = sys::open_at(directory_.get(), "alive", O_RDWR | O_CREAT, 0600);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(alive_.get(), F_OFD_SETLK, &lock) == 0) return;
  if (errno == EAGAIN || errno == EACCES) base::fail("it is running already");
  throw base::SysError(errno, base::text("lock '{}/alive'", path_.str()));
}

void RunDirectory::write_status(const ContainerStatus& status) const noexcept {
  try {
    write_file("status.new", encode_status(status), 0600);
    base::fault_point("shim.status_written");
    ::renameat(directory_.get(), "status.new", directory_.get(), "status");
  } catch (const base::Error&) {
    // The directory is gone or full: the container matters more than what is said about it.
  }
}

void RunDirectory::write_file(const std::string& name, std::string_view content, mode_t mode, uid_t uid,
                              gid_t gid) const {
  const auto file = sys::open_at(directory_.get(), name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
  sys::write_all(file.get(), content);
  if (uid != 0 || gid != 0) base::check(::fchown(file.get(), uid, gid), "set the owner of '{}'", name);
  if (mode != 0600) base::check(::fchmod(file.get(), mode), "set the mode of '{}'", name);
}

void RunDirectory::make_directory(const std::string& name) const {
  if (::mkdirat(directory_.get(), name.c_str(), 0700) == -1 && errno != EEXIST)
    throw base::SysError(errno, base::text("create directory '{}/{}'", path_.str(), name));
}

base::UniqueFd RunDirectory::listen(const std::string& name) const {
  base::UniqueFd socket = sys::make_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = base::text("/proc/self/fd/{}/{}", directory_.get(), name);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  remove(name);
  const mode_t before = ::umask(0177);
  const base::ScopeExit restore{[&] { ::umask(before); }};
  base::check(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              "bind '{}/{}'", path_.str(), name);
  base::check(::listen(socket.get(), 64), "listen on '{}/{}'", path_.str(), name);
  return socket;
}

void RunDirectory::remove(const std::string& name) const noexcept {
  ::unlinkat(directory_.get(), name.c_str(), 0);
}

void RunDirectory::remove_all() const {
  sys::remove_tree(path_);
}

}  // namespace compose::rt
