#pragma once
// What is there, read from the state database and confirmed by the kernel. Plain values.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/container_status.hpp"

namespace compose::sched {

struct ObservedContainer {
  rt::ContainerId id;
  std::string name;
  std::string service;
  int number = 0;  // com.docker.compose.container-number; 0 for one-offs
  bool one_off = false;
  std::string config_hash;
  std::string image;
  std::string image_id;
  rt::ContainerStatus status;
  // False: its creation was cut short or its files are gone; it is removed and made again.
  bool complete = true;
  bool broken = false;                // its shim, links or names are gone; repaired by starting it again
  std::vector<std::string> networks;  // names it is attached to
  std::vector<std::string> volumes;   // names it mounts
  std::map<std::string, std::string> labels;
  std::vector<rt::ContainerId> joins;  // containers whose namespaces it shares, by the ids it was made with
  std::string config;                  // DesiredService::config it was made from; may be left empty
  std::int64_t created_at = 0;         // nanoseconds since the epoch
  std::int64_t stop_grace = 10'000'000'000;
  ServiceHooks hooks;  // it was made with
};

struct ObservedNetwork {
  std::string name;
  std::string key;  // empty: not of this project
  std::string config_hash;
  bool complete = true;
};

struct ObservedVolume {
  std::string name;
  std::string key;  // empty: not of this project
  std::string config_hash;
};

struct ObservedState {
  std::vector<ObservedContainer> containers;  // of this project, one-offs included
  // Of this project, and any other one whose name the desired state uses (with an empty key).
  std::vector<ObservedNetwork> networks;
  std::vector<ObservedVolume> volumes;
};

}  // namespace compose::sched
