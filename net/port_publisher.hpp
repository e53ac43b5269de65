#pragma once
// Published ports. reserve() takes the host's port the way any server does, by binding it, so that two
// containers or a container and another program never share one by accident; the socket goes to the shim,
// which keeps it as long as the container lives and relays what arrives at it. publish() adds the fast path:
// DNAT in nftables, one transaction for a whole batch. Durable part: table `published_ports` of the state
// database, so that withdraw() and repair know what there is. Runs in the CLI's process, in the host's
// network namespace.
//
// Errors: "port 8080/tcp on 0.0.0.0 is in use by process 123 (nginx)", "... by container shop-web-1".
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "net/container_name.hpp"
#include "net/spec/port_spec.hpp"

namespace compose::net {

struct HeldPort {
  PortBinding binding;
  base::UniqueFd socket;  // TCP: listening; UDP: bound
};

// The ports of one container, on its way to the kernel. Addresses: those of its first lease that is not
// internal.
struct Publication {
  std::string container;
  std::string ipv4;  // empty: IPv4 ports have no fast path, the shim relays
  std::string ipv6;
  std::vector<PortBinding> bindings;
};

class PortPublisher {
 public:
  PortPublisher(base::Database& database, base::HostPath run_root);
  ~PortPublisher();
  PortPublisher(const PortPublisher&) = delete;
  PortPublisher& operator=(const PortPublisher&) = delete;

  // Tells the name of a container for error messages; without it the id is shown.
  void name_containers_with(ContainerNameOf name_of);

  // One HeldPort for each address family: an empty host address gives two, "0.0.0.0" and "::", with the same
  // port (one where the host has no IPv6).
  [[nodiscard]] std::vector<HeldPort> reserve(const PortRequest& request);
  // Binds exactly these again, for a container that starts with the ports it had.
  [[nodiscard]] std::vector<HeldPort> reserve_again(std::span<const PortBinding> bindings);

  // Also over what a killed command had published of it.
  void publish(std::span<const Publication> publications);
  // Touches nftables only where something was published.
  void withdraw(std::span<const std::string> containers);
  [[nodiscard]] std::vector<PortBinding> published_by(const std::string& container) const;
  // Puts the rules of all published ports back, for example after `nft flush ruleset`; nothing when they are
  // there.
  void reassert();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace compose::net
