#pragma once
// The program of init_main.cpp, as a file that can be executed and that a container can read, but not write:
// in a file system in memory of which nobody has the mount, read-only since it was filled. No file of the
// host is behind it, so there is nothing that /proc/1/exe could lead to.
#include "base/unique_fd.hpp"

namespace compose::rt {

// What a user sees of it in /proc/1/exe and /proc/1/cmdline, as with Docker.
inline constexpr char k_init_path[] = "/sbin/docker-init";
// Where it finds the number of its command: four bytes and the end.
inline constexpr int k_init_command = 3;

// For execveat(2) with AT_EMPTY_PATH; one serves any number of containers.
base::UniqueFd make_init_program();

}  // namespace compose::rt
