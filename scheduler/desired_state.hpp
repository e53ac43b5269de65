#pragma once
// What the project should look like, in the scheduler's words: no YAML, no kernel. compose/lower makes it
// from a project; reconcile() compares it with what was observed. Plain values.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/spec/network_spec.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "scheduler/hook_spec.hpp"

namespace compose::sched {

using Labels = std::map<std::string, std::string>;

// When a dependent may go on (compose spec, depends_on.condition).
enum class Condition : std::uint8_t { started, healthy, completed_successfully };

struct Dependency {
  std::string service;
  Condition condition = Condition::started;
  bool required = true;  // false: its failure or absence is a warning
  bool restart = false;  // the dependent restarts when the dependency is recreated or restarted
  // The dependent joins a namespace or takes volumes of it: recreated along with it.
  bool shares_namespace = false;
  bool operator==(const Dependency&) const = default;
};

// A port as the file asks for it. `published` empty: chosen by us; a range: the first free one of it.
struct PortRequest {
  std::string protocol = "tcp";
  std::string host_address;           // empty: every address
  std::uint16_t published_first = 0;  // 0: chosen
  std::uint16_t published_last = 0;
  std::uint16_t target = 0;
  bool operator==(const PortRequest&) const = default;
};

struct DesiredNetwork {
  std::string key;        // in the file
  net::NetworkSpec spec;  // with its full name; the id is given at creation
  bool external = false;
  Labels labels;
  std::string config_hash;
  bool operator==(const DesiredNetwork&) const = default;
};

struct DesiredVolume {
  std::string key;
  std::string name;
  bool external = false;
  std::string driver = "local";
  std::map<std::string, std::string> driver_opts;
  Labels labels;
  std::string config_hash;
  bool operator==(const DesiredVolume&) const = default;
};

// Where a named or anonymous volume is mounted; lowered to a BindMount when the container is created.
struct VolumeUse {
  std::string volume;  // key of a DesiredVolume; empty: anonymous, one for each container
  std::string target;
  bool read_only = false;
  bool copy_up = true;
  std::string subpath;
  bool operator==(const VolumeUse&) const = default;
};

// Takes the mounts of another container (volumes_from): of a service of the project, or of any container by
// name.
struct VolumesFrom {
  std::string service;
  std::string container;  // when `service` is empty
  bool read_only = false;
  bool operator==(const VolumesFrom&) const = default;
};

struct DesiredService {
  std::string name;
  std::uint32_t replicas = 1;
  std::vector<Dependency> dependencies;
  std::string image;     // reference as shown by `ps`
  std::string image_id;  // digest of the image that is to run
  std::optional<std::string> container_name;
  std::string config_hash;  // 64 hex; another value means recreate
  std::string config;       // what was hashed: canonical JSON; lets a plan say which member differs
  Labels labels;            // of the containers: the user's and com.docker.compose.*
  // Template: everything but id, name, rootfs, addresses and published host ports. A shared namespace of
  // another service or container is NamespaceSpec{shared, "service:NAME"} or {shared, "container:NAME"} here;
  // the address "host-gateway" in dns.extra_hosts stands for the gateway of the container's own network.
  rt::ContainerSpec spec;
  std::vector<net::AttachmentSpec> attachments;
  std::vector<PortRequest> ports;
  // "80/tcp", of the image and of the file: what `ps` shows beside published ones.
  std::vector<std::string> exposed;
  std::vector<VolumeUse> volumes;
  std::vector<VolumesFrom> volumes_from;
  std::vector<HookSpec> post_start;  // one after the other; a failing one fails the start
  std::vector<HookSpec> pre_stop;
  bool operator==(const DesiredService&) const = default;
};

struct DesiredState {
  std::string project;
  std::vector<DesiredNetwork> networks;
  std::vector<DesiredVolume> volumes;
  std::vector<DesiredService> services;     // enabled and selected ones, with their dependencies
  std::vector<std::string> known_services;  // of the whole file: others are orphans
  char name_separator = '-';                // '_' with --compatibility
};

}  // namespace compose::sched
