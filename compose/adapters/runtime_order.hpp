#pragma once
// What the parts of RuntimeAdapter share among themselves; included by its source files only.
#include "compose/adapters/runtime_adapter.hpp"
#include "runtime-shim/client/start_lane.hpp"

namespace compose::adapters {

struct RuntimeAdapter::Order {
  const sched::DesiredService* service = nullptr;
  int number = 0;
  std::string name;
  bool one_off = false;
  bool group_names = true;
  std::optional<ContainerId> replaces;
  bool renew_volumes = false;
  std::vector<std::pair<std::string, ContainerId>> peers;
};

struct RuntimeAdapter::Starting {
  ContainerId id;
  ContainerRecord record;
  std::vector<net::Lease> leases;
  std::vector<net::HeldPort> held;
  Failure failure;
  int exit_code = 125;  // of a refused one: 127, 126 or 125
  bool runs_already = false;
  bool pending = false;  // with the launcher
  bool told = false;     // `finished` was called
  // Over it comes what the start waits for; without it the start is taken back.
  std::optional<rt::StartLane> lane;
  bool gated = false;  // got ready before its turn
  bool network_refused = false;
};

}  // namespace compose::adapters
