#include "compose/adapters/port_claims.hpp"

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/overloaded.hpp"
#include "compose/adapters/new_container.hpp"

namespace compose::adapters {
namespace {

using Key = std::pair<std::string, std::uint16_t>;  // protocol and port

Key key_of(const PortWish& wish) {
  return {wish.protocol, wish.first};
}

bool same_address(const PortWish& a, const PortWish& b) {
  const auto any = [](const std::string& address) {
    return address.empty() || address == "0.0.0.0" || address == "::";
  };
  return any(a.host_address) || any(b.host_address) || a.host_address == b.host_address;
}

// Of a container that the plan makes, by its service; of one that is there, as it was made.
std::vector<PortWish> wishes_of(const sched::ContainerRef& container, const sched::DesiredState& desired,
                                const SummaryOf& summary_of) {
  if (container.made_by == sched::StepId::none) {
    auto summary = summary_of(container.id);
    return summary ? std::move(summary->wishes) : std::vector<PortWish>{};
  }
  const auto service = std::ranges::find(desired.services, container.service, &sched::DesiredService::name);
  return service != desired.services.end() ? port_wishes(*service) : std::vector<PortWish>{};
}

std::set<Key> ports_given_up(const sched::Plan& plan, const SummaryOf& summary_of) {
  std::set<Key> keys;
  const auto give_up = [&](const ContainerId& id) {
    if (const auto summary = summary_of(id))
      for (const auto& port : summary->ports) keys.emplace(port.protocol, port.host_port);
  };
  for (const auto& step : plan.steps())
    std::visit(base::overloaded{[&](const sched::StopContainer& stop) { give_up(stop.container.id); },
                                [&](const sched::KillContainer& kill) { give_up(kill.container.id); },
                                [&](const sched::RemoveContainer& remove) { give_up(remove.container.id); },
                                [](const auto&) {}},
               step.operation);
  return keys;
}

void claim(std::vector<PortClaim>& claims, PortClaim wanted) {
  for (const auto& other : claims)
    if (key_of(other.port) == key_of(wanted.port) && same_address(other.port, wanted.port))
      base::fail("container {}: port {}/{} is published by container {} too", wanted.container,
                 wanted.port.first, wanted.port.protocol, other.container);
  claims.push_back(std::move(wanted));
}

}  // namespace

std::vector<PortClaim> port_claims(const sched::Plan& plan, const sched::DesiredState& desired,
                                   const SummaryOf& summary_of) {
  const auto given_up = ports_given_up(plan, summary_of);
  std::vector<PortClaim> claims;
  for (const auto& step : plan.steps()) {
    const auto* start = std::get_if<sched::StartContainer>(&step.operation);
    if (start == nullptr) continue;
    for (auto& wish : wishes_of(start->container, desired, summary_of))
      if (wish.first != 0 && wish.first == wish.last && !given_up.contains(key_of(wish)))
        claim(claims, {.container = start->container.name, .port = std::move(wish)});
  }
  return claims;
}

void check_claims(std::span<const PortClaim> claims, net::PortPublisher& ports) {
  for (const auto& [container, port] : claims)
    base::with_context(base::text("container {}", container), [&] {
      (void)ports.reserve({port.protocol, port.host_address, port.first, port.last, port.target});
    });
}

}  // namespace compose::adapters
