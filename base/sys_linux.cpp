#include "base/sys_linux.hpp"

#include <csignal>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.hpp"

namespace compose::base::sys {

pid_t clone3(clone_args& arguments) noexcept {
  return static_cast<pid_t>(::syscall(SYS_clone3, &arguments, sizeof arguments));
}

int openat2(int directory, const char* path, const open_how& how) noexcept {
  return static_cast<int>(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

UniqueFd open_in_root(int root, const std::string& path, std::uint64_t flags, std::uint64_t mode) {
  const open_how how{
      .flags = flags | O_CLOEXEC, .mode = mode, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
  return UniqueFd{check(retry_eintr([&] { return openat2(root, path.c_str(), how); }),
                        "open '{}' in the container", path)};
}

int open_tree(int directory, const char* path, unsigned flags) noexcept {
  return static_cast<int>(::syscall(SYS_open_tree, directory, path, flags));
}
int move_mount(int from_directory, const char* from, int to_directory, const char* to,
               unsigned flags) noexcept {
  return static_cast<int>(::syscall(SYS_move_mount, from_directory, from, to_directory, to, flags));
}
int mount_setattr(int directory, const char* path, unsigned flags, const mount_attr& attributes) noexcept {
  return static_cast<int>(
      ::syscall(SYS_mount_setattr, directory, path, flags, &attributes, sizeof attributes));
}
int fsopen(const char* type, unsigned flags) noexcept {
  return static_cast<int>(::syscall(SYS_fsopen, type, flags));
}
int fsconfig(int fs, unsigned command, const char* key, const void* value, int aux) noexcept {
  return static_cast<int>(::syscall(SYS_fsconfig, fs, command, key, value, aux));
}
bool refuses_unknown_options(int fs) noexcept {
  return fsconfig(fs, FSCONFIG_SET_FLAG, "compose.unknown", nullptr, 0) == -1;
}
int fsmount(int fs, unsigned flags, unsigned attributes) noexcept {
  return static_cast<int>(::syscall(SYS_fsmount, fs, flags, attributes));
}
int pivot_root(const char* new_root, const char* put_old) noexcept {
  return static_cast<int>(::syscall(SYS_pivot_root, new_root, put_old));
}
int pidfd_open(pid_t pid, unsigned flags) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, flags));
}
int pidfd_send_signal(int pidfd, int signal) noexcept {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}
void default_signals() noexcept {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
}

int close_range(unsigned first, unsigned last, unsigned flags) noexcept {
  return static_cast<int>(::syscall(SYS_close_range, first, last, flags));
}
int execveat(int directory, const char* path, char* const argv[], char* const env[], int flags) noexcept {
  return static_cast<int>(::syscall(SYS_execveat, directory, path, argv, env, flags));
}
int capset_raw(const void* header, const void* data) noexcept {
  return static_cast<int>(::syscall(SYS_capset, header, data));
}
int seccomp(unsigned operation, unsigned flags, void* arguments) noexcept {
  return static_cast<int>(::syscall(SYS_seccomp, operation, flags, arguments));
}
long keyctl_join_session(const char* name) noexcept {
  return ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name, 0, 0, 0);
}

}  // namespace compose::base::sys
