#pragma once
// Taking containers away, whole ones and what killed commands left of them. Runs in the CLI's process, under
// the lock of the project.
//
// What a killed command can leave: containers that were being created or removed (they go), containers whose
// addresses went to a successor that never started (it goes, they get them back), rules and links of
// containers that do not run, and running containers whose ports had not been published yet. Rows come before
// everything else and go after it, so that no search is needed: what has no row is not there.
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compose/adapters/paths.hpp"
#include "compose/adapters/state.hpp"
#include "net/network_manager.hpp"
#include "net/port_publisher.hpp"
#include "runtime-shim/client/remains.hpp"

namespace compose::adapters {

inline std::vector<std::string> strings_of(std::span<const ContainerId> ids) {
  std::vector<std::string> strings;
  for (const auto& id : ids) strings.push_back(id.str());
  return strings;
}

struct Rooms {
  State& state;
  net::NetworkManager& networks;
  net::PortPublisher& ports;
  const Paths& paths;
};

// Rules go, and links with the next removal. Addresses stay: they belong to the container until it is
// removed.
void release_network(const Rooms& rooms, std::span<const ContainerId> ids);

// Everything of containers without a shim, their rows last; those of which something stays keep their row.
// Element i says why container i could not be taken away.
std::vector<std::optional<std::string>> take_away(const Rooms& rooms, rt::Remains& remains,
                                                  std::span<const ContainerId> ids,
                                                  bool with_anonymous_volumes);

// What is published for a container: the fast path leads to its first address that reaches outside.
[[nodiscard]] net::Publication publication_of(const ContainerId& id,
                                              const std::vector<rt::PublishedPort>& ports,
                                              const std::vector<net::Lease>& leases);
[[nodiscard]] std::vector<net::PortBinding> bindings_of(const std::vector<rt::PublishedPort>& ports);

// Puts right what a command on this project left when it was killed or failed. Does nothing to what is in
// order, and nothing to other projects. What could not be put right is returned; the command goes on.
[[nodiscard]] std::vector<std::string> repair_project(const Rooms& rooms, const std::string& project);

// Anonymous volumes of the project whose container is gone: replicas that were scaled away leave theirs.
void remove_ownerless_volumes(const Rooms& rooms, const std::string& project);

}  // namespace compose::adapters
