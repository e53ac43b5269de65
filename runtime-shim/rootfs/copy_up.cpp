#include "runtime-shim/rootfs/copy_up.hpp"

#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/sys.hpp"
#include "base/sys_at.hpp"
#include "base/sys_linux.hpp"
#include "base/unique_fd.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;
using base::check;
using base::HostPath;
using base::UniqueFd;

std::vector<std::string> entries(int directory) {
  const int copy = check(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), "read a directory");
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(copy), ::closedir};
  std::vector<std::string> out;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") out.emplace_back(name);
  }
  return out;
}

void copy_bytes(int from, int to, const std::string& name) {
  for (;;) {
    const auto n = ::copy_file_range(from, nullptr, to, nullptr, 1U << 30U, 0);
    if (n == 0) return;
    if (n > 0) continue;
    if (errno != EXDEV && errno != EINVAL && errno != EOPNOTSUPP)
      throw base::SysError(errno, base::text("copy '{}'", name));
    std::vector<char> buffer(1U << 16U);
    for (std::size_t got = sys::read_some(from, buffer); got > 0; got = sys::read_some(from, buffer))
      sys::write_all(to, {buffer.data(), got});
    return;
  }
}

void copy_attributes(int from, int to) {
  char names[4096];
  const auto size = ::flistxattr(from, names, sizeof names);
  for (ssize_t at = 0; at < size;) {
    const std::string_view name = names + at;
    at += static_cast<ssize_t>(name.size()) + 1;
    if (name.starts_with("trusted.overlay.")) continue;
    char value[4096];
    const auto length = ::fgetxattr(from, name.data(), value, sizeof value);
    if (length >= 0) ::fsetxattr(to, name.data(), value, static_cast<std::size_t>(length), 0);
  }
}

// Owner before mode, because changing the owner clears set-user-id; times last.
void copy_metadata(int from, int to, const struct ::stat& info, const std::string& name) {
  check(::fchown(to, info.st_uid, info.st_gid), "set the owner of '{}'", name);
  check(::fchmod(to, info.st_mode & 07777), "set the mode of '{}'", name);
  copy_attributes(from, to);
  const timespec times[2] = {info.st_atim, info.st_mtim};
  check(::futimens(to, times), "set the times of '{}'", name);
}

void copy_link(int from, int to, const std::string& name, const struct ::stat& info) {
  std::string target(static_cast<std::size_t>(info.st_size) + 1, '\0');
  const auto n =
      check(::readlinkat(from, name.c_str(), target.data(), target.size()), "read link '{}'", name);
  target.resize(static_cast<std::size_t>(n));
  check(::symlinkat(target.c_str(), to, name.c_str()), "create link '{}'", name);
  check(::fchownat(to, name.c_str(), info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW), "set the owner of '{}'",
        name);
}

void copy_directory(int from, int to, const std::string& name);

void copy_entry(int from, int to, const std::string& name) {
  struct ::stat info {};
  check(::fstatat(from, name.c_str(), &info, AT_SYMLINK_NOFOLLOW), "stat '{}'", name);
  if (S_ISLNK(info.st_mode)) return copy_link(from, to, name, info);
  if (S_ISDIR(info.st_mode)) {
    check(::mkdirat(to, name.c_str(), 0700), "create directory '{}'", name);
    const auto source = sys::open_at(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const auto copy = sys::open_at(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return copy_directory(source.get(), copy.get(), name);
  }
  if (S_ISREG(info.st_mode)) {
    const auto source = sys::open_at(from, name, O_RDONLY | O_NOFOLLOW);
    const auto copy = sys::open_at(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    copy_bytes(source.get(), copy.get(), name);
    return copy_metadata(source.get(), copy.get(), info, name);
  }
  check(::mknodat(to, name.c_str(), info.st_mode, info.st_rdev), "create node '{}'", name);
  check(::fchownat(to, name.c_str(), info.st_uid, info.st_gid, AT_SYMLINK_NOFOLLOW), "set the owner of '{}'",
        name);
}

void copy_directory(int from, int to, const std::string& name) {
  for (const auto& entry : entries(from)) copy_entry(from, to, entry);
  struct ::stat info {};
  check(::fstat(from, &info), "stat '{}'", name);
  copy_metadata(from, to, info, name);
}

UniqueFd open_directory_in(int root, const char* path) {
  const open_how how{.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                     .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return UniqueFd{sys::openat2(root, path, how)};
}

UniqueFd lock_volume(const HostPath& volume) {
  auto lock = sys::open(volume.parent(), O_RDONLY | O_DIRECTORY);
  check(base::retry_eintr([&] { return ::flock(lock.get(), LOCK_EX); }), "lock '{}'", volume.parent().str());
  return lock;
}

// What the image has is moved in, one entry after the other. Who has made something of that name meanwhile
// keeps it. A directory on another file system than what lies beside the volume gets copies.
void move_in(int from, int place) {
  for (const auto& name : entries(from)) {
    base::fault_point("volume.moving");
    if (::renameat2(from, name.c_str(), place, name.c_str(), RENAME_NOREPLACE) == 0) continue;
    const int error = errno;
    if (error == EEXIST || sys::stat_at_if_exists(place, name)) continue;
    if (error != EXDEV) throw base::SysError(error, base::text("fill a volume with '{}'", name));
    copy_entry(from, place, name);
  }
}

// The content is copied beside the volume, under a name that says whose it is: "filling" until it is whole,
// then "filled", which whoever comes next moves in. The directory stays the one that containers have already.
void fill(int source, const std::string& target, const HostPath& volume, int place) {
  const auto beside = base::text("{}.{}", volume.str(), sys::stat_fd(place).st_ino);
  const HostPath aside{beside + ".filling"};
  const HostPath whole{beside + ".filled"};
  if (!sys::exists(whole)) {
    if (!entries(place).empty()) return;
    sys::remove_tree(aside);
    sys::make_directory(aside, 0700);
    base::fault_point("volume.copy_started");
    copy_directory(source, sys::open(aside, O_RDONLY | O_DIRECTORY).get(), target);
    base::fault_point("volume.copied");
    sys::rename(aside, whole);
  }
  move_in(sys::open(whole, O_RDONLY | O_DIRECTORY).get(), place);
  copy_metadata(source, place, sys::stat_fd(source), target);
  base::fault_point("volume.moved");
  sys::remove_tree(whole);
}

}  // namespace

void copy_up(int root, const base::ContainerPath& target, const HostPath& volume, const std::string& inside) {
  const auto source = open_directory_in(root, target.c_str());
  if (!source) return;
  const auto lock = lock_volume(volume);
  const auto below = sys::open(volume, O_PATH | O_DIRECTORY);
  const auto place = open_directory_in(below.get(), inside.empty() ? "." : inside.c_str());
  if (place) fill(source.get(), target.str(), volume, place.get());
}

}  // namespace compose::rt
