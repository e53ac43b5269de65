#pragma once
// Carries out a mount plan. Runs in the child between clone and exec, in its own mount namespace: nothing
// here allocates or throws. Every target is reached through the descriptor of the new root (openat2,
// RESOLVE_IN_ROOT) and mounted on by descriptor, so that no link in the image or in a shared volume can lead
// a mount outside or be swapped in between.
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

#include "runtime-shim/rootfs/mount_plan.hpp"

namespace compose::rt {

struct PreparedDevice {
  std::string target;
  mode_t mode = 0666;  // with the type
  dev_t number = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

struct V1Directory {
  std::string name;                // "memory", "cpu,cpuacct"
  std::string source;              // the container's own directory
  std::vector<std::string> links;  // "cpu", "cpuacct", for a hierarchy with several controllers
};

struct PreparedMounts {
  MountPlan plan;
  std::vector<PreparedDevice> devices;  // beyond the standard ones
  std::vector<V1Directory> v1;
};

// 0, or an errno with `at` the index of the step: plan steps, devices, masked, read-only paths. Each function
// goes on at `at`, which begins with 0.
// The steps that need not wait for the network namespace.
int apply_mounts_before_network(const PreparedMounts& mounts, int root, std::uint16_t& at) noexcept;
// The other steps and the devices.
int apply_mounts(const PreparedMounts& mounts, int root, std::uint16_t& at) noexcept;
// Masked and read-only paths.
int protect_paths(const PreparedMounts& mounts, int root, std::uint16_t& at) noexcept;

// "mounting '/srv' on '/data'", for the failed index.
std::string describe_step(const PreparedMounts& mounts, std::uint16_t at);

// Makes the attached root the root directory and drops the old one. 0 or an errno.
int enter_root(int root) noexcept;

// Descriptor of `path` below `root`, or -errno.
int open_below(int root, const char* path, std::uint64_t flags, std::uint64_t extra_resolve = 0) noexcept;
// Of what is `inside` the source of a bind mount, or -1 with errno.
int open_inside(const std::string& source, const std::string& inside) noexcept;

}  // namespace compose::rt
