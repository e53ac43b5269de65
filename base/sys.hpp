#pragma once
// One wrapper per libc call that we use: descriptors come back owned and CLOEXEC, EINTR is retried, failure
// throws a SysError that says what was being done. The `_if_exists` twins answer nullopt for ENOENT so that
// nobody catches.
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "base/path.hpp"
#include "base/unique_fd.hpp"

namespace compose::base::sys {

UniqueFd open(const HostPath& path, int flags, mode_t mode = 0);
std::optional<UniqueFd> open_if_exists(const HostPath& path, int flags, mode_t mode = 0);
UniqueFd open_at(int directory, const std::string& name, int flags, mode_t mode = 0);
std::optional<UniqueFd> open_at_if_exists(int directory, const std::string& name, int flags, mode_t mode = 0);

void make_directory(const HostPath& path, mode_t mode = 0755);
void make_directory_if_missing(const HostPath& path, mode_t mode = 0755);
void make_directories(const HostPath& path, mode_t mode = 0755);  // and its parents
bool remove_file_if_present(const HostPath& path);                // false: there was none
bool remove_directory_if_present(const HostPath& path);
// A file or a whole tree, however deep. Never follows links; Error where something is mounted in it.
void remove_tree(const HostPath& path);
void rename(const HostPath& from, const HostPath& to);
void make_symlink(const std::string& target, const HostPath& link);
bool exists(const HostPath& path);
std::optional<struct ::stat> stat_if_exists(const HostPath& path);  // follows links

// What the file system has left for everybody but root.
struct FreeSpace {
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;  // files and directories; UINT64_MAX where the file system has no such limit
};
FreeSpace free_space(const HostPath& path);
FreeSpace free_space(int fd);
std::optional<struct ::stat> lstat_if_exists(const HostPath& path);

void write_all(int fd, std::string_view bytes);
std::size_t read_some(int fd, std::span<char> into);  // 0 at the end
std::string read_to_end(int fd, std::size_t limit);   // Error above `limit` bytes

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};
Pipe make_pipe(int extra_flags = 0);
std::pair<UniqueFd, UniqueFd> make_socket_pair(int type);  // AF_UNIX
UniqueFd make_socket(int domain, int type, int protocol);
UniqueFd make_event_fd();
UniqueFd make_timer_fd(int clock);
UniqueFd make_epoll();
UniqueFd make_memfd(const char* name);
UniqueFd duplicate(int fd);

std::optional<std::string> environment(const char* name);
std::string current_directory();
std::string host_name();

}  // namespace compose::base::sys
