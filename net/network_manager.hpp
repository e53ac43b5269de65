#pragma once
// The facade of this room: NetworkSpec -> live bridge network and back down again, addresses, sandboxes
// (network namespaces ready for a container). Runs in the CLI's process, which is single-threaded:
// build_sandbox() enters the new namespace and returns to the old one before it returns, whatever happens.
//
// Durable part: tables `networks` and `leases` of the state database (schema room "net"). The rest is the
// kernel's: links, nftables, and the names tables below the run root. What the two disagree about is repaired
// by create() and remove().
//
// Errors: base::Error for what a user can cause (pool exhausted, address taken, unknown network), SysError
// for the kernel.
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "net/container_name.hpp"
#include "net/dns/dns_sockets.hpp"
#include "net/spec/network_spec.hpp"
#include "net/spec/sandbox_spec.hpp"

namespace compose::net {

struct NetworkRequest {
  NetworkSpec spec;  // the id is ignored: given at creation
  std::string project;
  std::string key;  // in the file
  std::map<std::string, std::string> labels;
  std::string config_hash;
};

struct Network {
  NetworkSpec spec;  // pools are concrete: subnet and gateway filled in
  std::string project;
  std::string key;
  std::map<std::string, std::string> labels;
  std::string config_hash;
  std::string bridge;           // name of the link; empty for driver "host" and "none"
  bool complete = true;         // false: creation was cut short; create() finishes it
  std::int64_t created_at = 0;  // nanoseconds since the epoch
};

// Everything of a container's network that the shim is handed. `netns` is entered by the container's init.
struct Sandbox {
  base::UniqueFd netns;
  dns::DnsSockets dns;
};

class NetworkManager {
 public:
  // `run_root`: "/run/compose" or what COMPOSE_RUN_ROOT says; its hash goes into the names of links and
  // tables where it is not the default.
  NetworkManager(base::Database& database, base::HostPath run_root);
  ~NetworkManager();
  NetworkManager(const NetworkManager&) = delete;
  NetworkManager& operator=(const NetworkManager&) = delete;

  // Tells the name of a container for error messages; without it the id is shown.
  void name_containers_with(ContainerNameOf name_of);

  // Makes the network, finishes a half-made one, and puts back the bridge, its rules and its names table
  // where somebody took them away. Cheap when all is there. Error when the name is taken by another project.
  Network create(const NetworkRequest& request);
  // create() in two halves: the row, subnet included, is there when it returns; the rest comes with the first
  // sandbox, or with settle(). What cannot be made is thrown by each sandbox on this network, or by settle()
  // where there was none.
  void begin(const NetworkRequest& request);
  // Error while containers hold leases on it. False: there is no such network.
  bool remove(const std::string& name);
  // Several at once; networks that do not exist are skipped. The links of `containers` (which are stopped,
  // and whose leases are released) and those retired before go in the same conversation.
  void remove_all(std::span<const std::string> names, std::span<const std::string> containers = {});

  // Does any container have an address on it?
  [[nodiscard]] bool in_use(const std::string& name) const;
  [[nodiscard]] std::optional<Network> find(const std::string& name) const;
  [[nodiscard]] std::vector<Network> list() const;
  [[nodiscard]] std::vector<Network> list_of_project(const std::string& project) const;
  [[nodiscard]] base::HostPath names_table(
      const NetworkId& id) const;  // what EndpointSpec::names_table holds
  // Are links, rules and names tables of these networks there? For `ps` and `up` to notice damage; never
  // changes anything.
  [[nodiscard]] bool intact(const Network& network) const;

  // Addresses for new containers, all in one transaction (joins the caller's): all requests or none. Element
  // i of the result belongs to request i; within it the order is that of the interfaces: by priority, then as
  // given.
  std::vector<std::vector<Lease>> lease(std::span<const LeaseRequest> requests);
  [[nodiscard]] std::vector<Lease> leases_of(const std::string& container) const;
  void release(std::span<const std::string> containers);

  // A new network namespace with links, addresses, routes and the sockets of its resolver.
  Sandbox build_sandbox(const SandboxSpec& spec);
  // The host's ends of the links of these containers, which have stopped and still have their leases, are to
  // go: with the next removal of networks, before the next sandbox is built, or with settle(). The kernel
  // makes everybody who removes links wait for a grace period, which is nearly all of the time that it takes;
  // a command that stops containers step by step waits once.
  void retire_sandboxes(std::span<const std::string> containers);
  // Retired links are gone, and networks that were begun are up, when this returns. The destructor does the
  // same, but leaves what fails to the kernel, which removes links together with their namespaces.
  void settle();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace compose::net
