#pragma once
// Kernel calls that glibc 2.36 lacks or that need care: clone3, openat2, the mount API by descriptor, pidfds.
// Thin: one function per call, numbers as in the man pages. Functions marked noexcept are safe between clone
// and exec.
#include <csignal>
#include <cstdint>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <string>
#include <sys/types.h>

#include "base/unique_fd.hpp"

namespace compose::base::sys {

// clone3(2): 0 in the child, the pid in the parent, -1 with errno.
pid_t clone3(clone_args& arguments) noexcept;

// openat2(2): descriptor or -1 with errno.
int openat2(int directory, const char* path, const open_how& how) noexcept;
// Opens `path` below `root` as if it were "/" (RESOLVE_IN_ROOT, no magic links). Throws.
UniqueFd open_in_root(int root, const std::string& path, std::uint64_t flags, std::uint64_t mode = 0);

int open_tree(int directory, const char* path, unsigned flags) noexcept;
int move_mount(int from_directory, const char* from, int to_directory, const char* to,
               unsigned flags) noexcept;
int mount_setattr(int directory, const char* path, unsigned flags, const mount_attr& attributes) noexcept;
int fsopen(const char* type, unsigned flags) noexcept;
int fsconfig(int fs, unsigned command, const char* key, const void* value, int aux) noexcept;
// Does this file system say at once that it does not know an option? The older kind takes anything, and
// complains in the kernel's log when it is made: its context is good for nothing afterwards.
bool refuses_unknown_options(int fs) noexcept;
int fsmount(int fs, unsigned flags, unsigned attributes) noexcept;
int pivot_root(const char* new_root, const char* put_old) noexcept;

int pidfd_open(pid_t pid, unsigned flags) noexcept;
int pidfd_send_signal(int pidfd, int signal) noexcept;
int close_range(unsigned first, unsigned last, unsigned flags) noexcept;
void default_signals() noexcept;  // what every signal does, in a child that is about to execute
int execveat(int directory, const char* path, char* const argv[], char* const env[], int flags) noexcept;
int capset_raw(const void* header, const void* data) noexcept;
int seccomp(unsigned operation, unsigned flags, void* arguments) noexcept;
long keyctl_join_session(const char* name) noexcept;

}  // namespace compose::base::sys
