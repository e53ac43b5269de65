#pragma once
// Resource use of one container, read from its cgroups (v1, v2 or both) and its network namespace. Counters
// are totals since the container started; rates are the caller's business.
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime-shim/client/paths.hpp"

namespace compose::rt {

struct ContainerStats {
  std::uint64_t cpu_nanoseconds = 0;  // user and system
  std::uint64_t memory_bytes = 0;     // without inactive file cache, as `docker stats` shows it
  std::uint64_t memory_limit = 0;     // of the host where the container has none
  std::uint64_t processes = 0;        // tasks
  std::uint64_t block_read_bytes = 0;
  std::uint64_t block_write_bytes = 0;
  std::uint64_t network_receive_bytes = 0;  // all interfaces but lo
  std::uint64_t network_transmit_bytes = 0;
};

// nullopt: it does not run.
std::optional<ContainerStats> read_stats(const RuntimePaths& paths, const ContainerId& id);

// The processes of the container as the host numbers them, sorted; empty where it does not run.
std::vector<int> read_processes(const RuntimePaths& paths, const ContainerId& id);

}  // namespace compose::rt
