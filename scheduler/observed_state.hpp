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
  int number = 0;            // com.docker.compose.container-number; 0 for one-offs
  bool one_off = false;
  std::string config_hash;
  std::string image;
  std::string image_id;
  rt::ContainerStatus status;
  bool complete = true;      // false: its creation was cut short; it is removed and made again
  bool broken = false;       // something of it is gone (shim, network, files); repaired by recreating or restarting
  std::vector<std::string> networks;  // names it is attached to
  std::vector<std::string> volumes;   // names it mounts
  std::map<std::string, std::string> labels;
  std::int64_t created_at = 0;        // nanoseconds since the epoch
  std::int64_t stop_grace = 10'000'000'000;
};

struct ObservedNetwork {
  std::string name;
  std::string key;           // empty: not of this project
  std::string config_hash;
  bool complete = true;
};

struct ObservedVolume {
  std::string name;
  std::string key;
  std::string config_hash;
};

struct ObservedState {
  std::vector<ObservedContainer> containers;  // of this project, one-offs included
  std::vector<ObservedNetwork> networks;      // of this project, and those that the desired state calls external
  std::vector<ObservedVolume> volumes;
};

}  // namespace compose::sched
