#include "base/sys_at.hpp"

#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::base::sys {

struct ::stat stat_fd(int fd) {
  struct ::stat status {};
  check(::fstat(fd, &status), "stat an open file");
  return status;
}

std::optional<struct ::stat> stat_at_if_exists(int directory, const std::string& name) {
  struct ::stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return status;
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw SysError(errno, text("stat '{}'", name));
}

struct ::stat stat_at(int directory, const std::string& name) {
  if (const auto status = stat_at_if_exists(directory, name)) return *status;
  throw SysError(ENOENT, text("stat '{}'", name));
}

std::string read_link_at(int directory, const std::string& name) {
  std::string target(4096, '\0');
  const auto size =
      check(::readlinkat(directory, name.c_str(), target.data(), target.size()), "read link '{}'", name);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

std::vector<std::string> list_at(int directory) {
  auto again =
      open_at(directory, ".", O_RDONLY | O_DIRECTORY);  // a position of its own; `directory` may be O_PATH
  const std::unique_ptr<DIR, int (*)(DIR*)> stream{::fdopendir(again.get()), ::closedir};
  if (!stream) throw SysError(errno, "read directory");
  (void)again.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;  // readdir says "the end" and "it failed" alike
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) throw SysError(errno, "read directory");
  std::ranges::sort(names);
  return names;
}

void make_directory_at(int directory, const std::string& name, mode_t mode) {
  check(::mkdirat(directory, name.c_str(), mode), "create directory '{}'", name);
}
void make_symlink_at(const std::string& target, int directory, const std::string& name) {
  check(::symlinkat(target.c_str(), directory, name.c_str()), "create link '{}'", name);
}
void make_node_at(int directory, const std::string& name, mode_t mode, dev_t device) {
  check(::mknodat(directory, name.c_str(), mode, device), "create node '{}'", name);
}
void make_hard_link_at(int from_directory, const std::string& from, int directory, const std::string& name) {
  check(::linkat(from_directory, from.c_str(), directory, name.c_str(), 0), "create hard link '{}' to '{}'",
        name, from);
}

void set_owner_at(int directory, const std::string& name, uid_t uid, gid_t gid) {
  check(::fchownat(directory, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW), "set the owner of '{}'", name);
}
void set_mode_at(int directory, const std::string& name, mode_t mode) {
  check(::fchmodat(directory, name.c_str(), mode, 0), "set the mode of '{}'", name);
}
void set_times_at(int directory, const std::string& name, const timespec& accessed,
                  const timespec& modified) {
  const timespec times[2] = {accessed, modified};
  check(::utimensat(directory, name.c_str(), times, AT_SYMLINK_NOFOLLOW), "set the times of '{}'", name);
}

std::optional<std::string> extended_attribute(int fd, const char* name) {
  std::string value(256, '\0');
  for (;;) {
    const auto size = ::fgetxattr(fd, name, value.data(), value.size());
    if (size >= 0) {
      value.resize(static_cast<std::size_t>(size));
      return value;
    }
    if (errno == ENODATA || errno == ENOTSUP) return std::nullopt;
    if (errno != ERANGE || value.size() > 65536) throw SysError(errno, text("read attribute '{}'", name));
    value.resize(65537);
  }
}

ExtendedAttributes extended_attributes(int fd) {
  ExtendedAttributes attributes;
  const auto size = ::flistxattr(fd, nullptr, 0);
  if (size == 0 || (size == -1 && errno == ENOTSUP)) return attributes;
  check(size, "list attributes");
  std::string names(static_cast<std::size_t>(size), '\0');
  names.resize(
      static_cast<std::size_t>(check(::flistxattr(fd, names.data(), names.size()), "list attributes")));
  for (std::size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    if (auto value = extended_attribute(fd, name.c_str())) attributes.emplace(name, std::move(*value));
  }
  return attributes;
}

void set_extended_attribute(int fd, const std::string& name, std::string_view value) {
  check(::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0), "set attribute '{}'", name);
}

}  // namespace compose::base::sys
