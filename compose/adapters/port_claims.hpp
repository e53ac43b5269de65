#pragma once
// The fixed host ports that a plan is going to need, looked at before its first step: a port in use refuses
// the whole command, with nothing made. Ports that may be one of several are chosen when their container
// starts.
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compose/adapters/state.hpp"
#include "net/port_publisher.hpp"
#include "scheduler/desired_state.hpp"
#include "scheduler/plan.hpp"

namespace compose::adapters {

struct PortClaim {
  std::string container;  // its name
  PortWish port;          // first == last
  bool operator==(const PortClaim&) const = default;
};

using SummaryOf = std::function<std::optional<ContainerSummary>(const ContainerId&)>;

// Pure but for `summary_of`. In the order of the plan's starts; without the ports that containers hold which
// the plan stops. Error where two containers of the plan want the same one.
std::vector<PortClaim> port_claims(const sched::Plan& plan, const sched::DesiredState& desired,
                                   const SummaryOf& summary_of);

// Binds each of them for a moment. Error: "container shop-web-1: port 8080/tcp on 0.0.0.0 is in use by ...".
void check_claims(std::span<const PortClaim> claims, net::PortPublisher& ports);

}  // namespace compose::adapters
