#pragma once
// The mounts of a container as an ordered list of values: parents before children, the defaults first (as far
// as no mount of the spec takes their place), then the spec's own by depth; the masked and read-only paths
// last. Pure: tested without privileges; mount_apply.hpp does it. (hardening: Docker's default mounts; OCI
// runtime specification, "Mounts")
#include <cstdint>
#include <string>
#include <sys/mount.h>
#include <vector>

#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

enum class MountKind : std::uint8_t {
  filesystem,   // mount(2) of `type` with `flags` and `data`
  device_tree,  // as filesystem, then the nodes and links of /dev are made in it
  bind,         // a clone of `source`
  cgroup_v1,    // a tmpfs with the container's own directory of each v1 hierarchy
};

struct MountStep {
  MountKind kind = MountKind::filesystem;
  std::string target;  // absolute and clean, in the container
  std::string type;
  std::string data;
  unsigned long flags = 0;  // MS_*
  std::string source;       // bind: host path
  std::string inside;       // bind: below the source, resolved with it as the root; "": the source itself
  std::uint64_t attributes = 0;  // bind: MOUNT_ATTR_* to set
  bool recursive = false;        // bind: with the mounts below the source
  unsigned long propagation = MS_PRIVATE;
  // bind: the source is not a directory; found out when the sources are looked at.
  bool target_is_file = false;
  bool real_directory = false;  // no symbolic link on the way to the target: /proc, /sys and /dev
  bool operator==(const MountStep&) const = default;
};

struct MountPlan {
  std::vector<MountStep> steps;
  std::size_t before_network = 0;  // so many of the first steps ask for nothing of the network namespace
  std::vector<std::string> masked;
  std::vector<std::string> read_only;
  bool read_only_root = false;
  bool keep_propagation = false;  // some bind wants to see later mounts of the host
  bool operator==(const MountPlan&) const = default;
};

struct PlanFacts {
  bool cgroup_v2 = true;                // otherwise v1 or hybrid
  std::vector<std::string> host_masks;  // thermal_throttle of each CPU that has it
  std::string run_directory;            // where resolv.conf, hosts, hostname and files/<n> are
};

// Error: "mount target '/proc/sys' would hide what the runtime protects", "mount target 'data' is not
// absolute" ...
MountPlan plan_mounts(const ContainerSpec& spec, const PlanFacts& facts);

// For messages: "/srv/data", with what is inside.
std::string source_of(const MountStep& step);

// One line a step: "bind /srv -> /data ro,rec". The oracle of tests.
std::string to_text(const MountPlan& plan);

// Host file of the nth FileMount of the spec.
std::string file_mount_source(const std::string& run_directory, std::size_t index);

}  // namespace compose::rt
