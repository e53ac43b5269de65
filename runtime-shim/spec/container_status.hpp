#pragma once
// What a shim tells about its container: /run/compose/<id>/status, a u32 version and the wire form of this
// record, written by the shim alone and renamed into place. A status is believed only while its shim lives
// (the shim holds an OFD lock on /run/compose/<id>/alive); without a shim a container that is not `exited`
// was lost, and the kernel has already killed it.
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/record.hpp"

namespace compose::rt {

using base::field;

// Version 1, of shims that were started by an older program, ends after the fields of the record.
inline constexpr std::uint32_t k_status_version = 2;

enum class ContainerState : std::uint8_t { created, running, paused, restarting, exited, dead };
enum class Health : std::uint8_t { none, starting, healthy, unhealthy };

struct ContainerStatus {
  ContainerState state = ContainerState::created;
  Health health = Health::none;
  std::string health_output;  // of the last probe, at most 4 KiB
  std::int64_t shim_pid = 0;
  std::int64_t init_pid = 0;  // as the host sees it; 0 when not running
  int exit_code = 0;          // 128 + signal when killed
  bool oom_killed = false;
  std::string error;  // why it could not run, "" otherwise
  std::uint32_t restarts = 0;
  std::int64_t started_at = 0;  // nanoseconds since the epoch; 0: never
  std::int64_t finished_at = 0;
  std::string cgroup;                 // "/compose/shop/<id>" below the root of every hierarchy
  std::uint64_t dropped_output = 0;   // bytes that the log could not take
  std::vector<std::string> warnings;  // limits that this host cannot set
  bool stopping = false;              // it was told to end, and is killed when its grace is over
  static constexpr auto fields() {
    return std::tuple{field("state", &ContainerStatus::state),
                      field("health", &ContainerStatus::health),
                      field("health_output", &ContainerStatus::health_output),
                      field("shim_pid", &ContainerStatus::shim_pid),
                      field("init_pid", &ContainerStatus::init_pid),
                      field("exit_code", &ContainerStatus::exit_code),
                      field("oom_killed", &ContainerStatus::oom_killed),
                      field("error", &ContainerStatus::error),
                      field("restarts", &ContainerStatus::restarts),
                      field("started_at", &ContainerStatus::started_at),
                      field("finished_at", &ContainerStatus::finished_at),
                      field("cgroup", &ContainerStatus::cgroup),
                      field("dropped_output", &ContainerStatus::dropped_output),
                      field("warnings", &ContainerStatus::warnings)};
  }
  bool operator==(const ContainerStatus&) const = default;
};

}  // namespace compose::rt
