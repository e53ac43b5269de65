#pragma once
// The durable part of this room: networks, address leases and published ports in the state database (schema
// room "net"). Nothing here knows the kernel. Every function may be called inside a transaction of the
// caller.
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/database.hpp"
#include "net/container_name.hpp"
#include "net/network_manager.hpp"
#include "net/spec/ip.hpp"
#include "net/spec/port_spec.hpp"

namespace compose::net {

class Store {
 public:
  explicit Store(base::Database& database);  // brings the schema up to date

  void insert_network(const Network& network);
  void update_network(const Network& network);
  void mark_complete(const NetworkId& id);
  void delete_network(const NetworkId& id);
  [[nodiscard]] std::optional<Network> find_network(const std::string& name) const;
  [[nodiscard]] std::optional<Network> find_network_by_id(const NetworkId& id) const;
  [[nodiscard]] std::vector<Network> list_networks(
      const std::string& project) const;  // empty: of all projects

  struct LeaseRow {
    NetworkId network;
    std::string container;
    int index = 0;
    std::string ipv4;
    std::string ipv6;
    std::string mac;
    bool default_route = false;
  };
  void insert_lease(const LeaseRow& row);
  void delete_leases(const std::string& container);
  [[nodiscard]] std::vector<LeaseRow> leases_of(const std::string& container) const;
  // Each lease of these containers as container and interface number.
  [[nodiscard]] std::vector<std::pair<std::string, int>> interfaces_of(
      std::span<const std::string> containers) const;
  [[nodiscard]] std::vector<std::string> containers_on(const NetworkId& id) const;
  [[nodiscard]] std::vector<std::string> containers_with_leases() const;
  void name_containers_with(ContainerNameOf name_of) { name_of_ = std::move(name_of); }
  // "shop-web-1", or the beginning of the id.
  [[nodiscard]] std::string shown(const std::string& container) const;
  // The container that has this address.
  [[nodiscard]] std::optional<std::string> holder_of(const NetworkId& id, const IpAddress& address) const;
  // Where the last automatic address was given, so that the next is another one.
  [[nodiscard]] std::optional<IpAddress> last_given(const NetworkId& id, bool v6) const;
  void set_last_given(const NetworkId& id, const IpAddress& address);

  struct PortRow {
    std::string container;
    PortBinding binding;
    std::string target;  // the container's address; empty: no fast path
    bool operator==(const PortRow&) const = default;
  };
  void insert_port(const PortRow& row);
  void delete_port(const PortBinding& binding);  // whoever has it
  void delete_ports(const std::string& container);
  [[nodiscard]] std::vector<PortRow> ports_of(
      const std::string& container) const;  // empty: of all containers
  [[nodiscard]] std::optional<PortRow> holder_of_port(const std::string& protocol,
                                                      std::uint16_t host_port) const;

  base::Database& database() noexcept { return database_; }

 private:
  base::Database& database_;
  ContainerNameOf name_of_;
};

}  // namespace compose::net
