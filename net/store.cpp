#include "net/store.hpp"

#include <set>

#include "base/json.hpp"

namespace compose::net {

namespace {

constexpr std::string_view k_schema[] = {
    R"(CREATE TABLE networks(
         id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, project TEXT NOT NULL, key TEXT NOT NULL, labels TEXT NOT NULL,
         config_hash TEXT NOT NULL, spec TEXT NOT NULL, bridge TEXT NOT NULL, complete INTEGER NOT NULL,
         created_at INTEGER NOT NULL, last_ipv4 TEXT, last_ipv6 TEXT) WITHOUT ROWID)",
    "CREATE INDEX networks_by_project ON networks(project)",
    R"(CREATE TABLE leases(
         container_id TEXT NOT NULL, interface INTEGER NOT NULL, network_id TEXT NOT NULL REFERENCES networks(id),
         ipv4 TEXT, ipv6 TEXT, mac TEXT NOT NULL, default_route INTEGER NOT NULL,
         PRIMARY KEY(container_id, interface)) WITHOUT ROWID)",
    "CREATE UNIQUE INDEX leases_by_ipv4 ON leases(network_id, ipv4)",
    "CREATE UNIQUE INDEX leases_by_ipv6 ON leases(network_id, ipv6) WHERE ipv6 IS NOT NULL",
    R"(CREATE TABLE published_ports(
         container_id TEXT NOT NULL, protocol TEXT NOT NULL, host_address TEXT NOT NULL, host_port INTEGER NOT NULL,
         container_port INTEGER NOT NULL, target TEXT NOT NULL,
         PRIMARY KEY(container_id, protocol, host_address, host_port)) WITHOUT ROWID)",
    "CREATE INDEX published_ports_by_port ON published_ports(protocol, host_port)",
};

constexpr const char* k_network_columns =
    "SELECT id, name, project, key, labels, config_hash, spec, bridge, complete, created_at FROM networks ";

Network read_network(const base::SqlRow& row) {
  Network network;
  network.spec =
      base::parse_record<NetworkSpec>(row.text(6), base::text("the state of network '{}'", row.text(1)));
  network.spec.id = NetworkId{row.text(0)};
  network.spec.name = row.text(1);
  network.project = row.text(2);
  network.key = row.text(3);
  const auto labels = base::parse_json(row.text(4), "labels of a network");
  base::from_json(labels, network.labels, "labels");
  network.config_hash = row.text(5);
  network.bridge = row.text(7);
  network.complete = row.integer(8) != 0;
  network.created_at = row.integer(9);
  return network;
}

base::SqlValue text_or_null(const std::string& value) {
  if (value.empty()) return nullptr;
  return value;
}

Store::LeaseRow read_lease(const base::SqlRow& row) {
  return {.network = NetworkId{row.text(0)},
          .container = row.text(1),
          .index = static_cast<int>(row.integer(2)),
          .ipv4 = row.is_null(3) ? std::string{} : row.text(3),
          .ipv6 = row.is_null(4) ? std::string{} : row.text(4),
          .mac = row.text(5),
          .default_route = row.integer(6) != 0};
}

Store::PortRow read_port(const base::SqlRow& row) {
  return {.container = row.text(0),
          .binding = {.protocol = row.text(1),
                      .host_address = row.text(2),
                      .host_port = static_cast<std::uint16_t>(row.integer(3)),
                      .container_port = static_cast<std::uint16_t>(row.integer(4))},
          .target = row.text(5)};
}

constexpr const char* k_port_columns =
    "SELECT container_id, protocol, host_address, host_port, container_port, target FROM published_ports ";

}  // namespace

Store::Store(base::Database& database) : database_(database) {
  database_.migrate("net", k_schema);
}

void Store::insert_network(const Network& n) {
  database_.run(
      "INSERT INTO networks(id, name, project, key, labels, config_hash, spec, bridge, complete, created_at) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {n.spec.id.str(), n.spec.name, n.project, n.key, base::to_json(n.labels).dump(), n.config_hash,
       base::to_json(n.spec).dump(), n.bridge, std::int64_t{n.complete}, n.created_at});
}

void Store::update_network(const Network& n) {
  database_.run(
      "UPDATE networks SET labels = ?, config_hash = ?, spec = ?, bridge = ?, complete = ? WHERE id = ?",
      {base::to_json(n.labels).dump(), n.config_hash, base::to_json(n.spec).dump(), n.bridge,
       std::int64_t{n.complete}, n.spec.id.str()});
}

void Store::mark_complete(const NetworkId& id) {
  database_.run("UPDATE networks SET complete = 1 WHERE id = ?", {id.str()});
}

void Store::delete_network(const NetworkId& id) {
  database_.run("DELETE FROM networks WHERE id = ?", {id.str()});
}

std::optional<Network> Store::find_network(const std::string& name) const {
  std::optional<Network> found;
  database_.each(std::string{k_network_columns} + "WHERE name = ?", {name},
                 [&](const base::SqlRow& row) { found = read_network(row); });
  return found;
}

std::optional<Network> Store::find_network_by_id(const NetworkId& id) const {
  std::optional<Network> found;
  database_.each(std::string{k_network_columns} + "WHERE id = ?", {id.str()},
                 [&](const base::SqlRow& row) { found = read_network(row); });
  return found;
}

std::vector<Network> Store::list_networks(const std::string& project) const {
  std::vector<Network> networks;
  const auto collect = [&](const base::SqlRow& row) { networks.push_back(read_network(row)); };
  if (project.empty())
    database_.each(std::string{k_network_columns} + "ORDER BY name", {}, collect);
  else
    database_.each(std::string{k_network_columns} + "WHERE project = ? ORDER BY name", {project}, collect);
  return networks;
}

void Store::insert_lease(const LeaseRow& row) {
  database_.run(
      "INSERT INTO leases(network_id, container_id, interface, ipv4, ipv6, mac, default_route) "
      "VALUES(?, ?, ?, ?, ?, ?, ?)",
      {row.network.str(), row.container, std::int64_t{row.index}, text_or_null(row.ipv4),
       text_or_null(row.ipv6), row.mac, std::int64_t{row.default_route}});
}

void Store::delete_leases(const std::string& container) {
  database_.run("DELETE FROM leases WHERE container_id = ?", {container});
}

std::vector<Store::LeaseRow> Store::leases_of(const std::string& container) const {
  std::vector<LeaseRow> rows;
  database_.each(
      "SELECT network_id, container_id, interface, ipv4, ipv6, mac, default_route FROM leases "
      "WHERE container_id = ? ORDER BY interface",
      {container}, [&](const base::SqlRow& row) { rows.push_back(read_lease(row)); });
  return rows;
}

std::vector<std::pair<std::string, int>> Store::interfaces_of(std::span<const std::string> containers) const {
  std::vector<std::pair<std::string, int>> interfaces;
  if (containers.empty()) return interfaces;
  const std::set<std::string_view> wanted{containers.begin(), containers.end()};
  // One pass over the index of what are at most some thousand rows; a query for each container costs more
  // from the third on.
  database_.each("SELECT container_id, interface FROM leases", {}, [&](const base::SqlRow& row) {
    auto container = row.text(0);
    if (wanted.contains(container))
      interfaces.emplace_back(std::move(container), static_cast<int>(row.integer(1)));
  });
  return interfaces;
}

std::vector<std::string> Store::containers_on(const NetworkId& id) const {
  std::vector<std::string> containers;
  database_.each("SELECT DISTINCT container_id FROM leases WHERE network_id = ?", {id.str()},
                 [&](const base::SqlRow& row) { containers.push_back(row.text(0)); });
  return containers;
}

std::vector<std::string> Store::containers_with_leases() const {
  std::vector<std::string> containers;
  database_.each("SELECT DISTINCT container_id FROM leases", {},
                 [&](const base::SqlRow& row) { containers.push_back(row.text(0)); });
  return containers;
}

std::string Store::shown(const std::string& container) const {
  const auto name = name_of_ ? name_of_(container) : std::nullopt;
  return name.value_or(container.substr(0, 12));
}

std::optional<std::string> Store::holder_of(const NetworkId& id, const IpAddress& address) const {
  std::optional<std::string> holder;
  const char* sql = address.v6 ? "SELECT container_id FROM leases WHERE network_id = ? AND ipv6 = ?"
                               : "SELECT container_id FROM leases WHERE network_id = ? AND ipv4 = ?";
  database_.each(sql, {id.str(), address.str()}, [&](const base::SqlRow& row) { holder = row.text(0); });
  return holder;
}

std::optional<IpAddress> Store::last_given(const NetworkId& id, bool v6) const {
  std::optional<IpAddress> last;
  const char* sql =
      v6 ? "SELECT last_ipv6 FROM networks WHERE id = ?" : "SELECT last_ipv4 FROM networks WHERE id = ?";
  database_.each(sql, {id.str()}, [&](const base::SqlRow& row) {
    if (!row.is_null(0)) last = IpAddress::parse(row.text(0));
  });
  return last;
}

void Store::set_last_given(const NetworkId& id, const IpAddress& address) {
  database_.run(address.v6 ? "UPDATE networks SET last_ipv6 = ? WHERE id = ?"
                           : "UPDATE networks SET last_ipv4 = ? WHERE id = ?",
                {address.str(), id.str()});
}

void Store::insert_port(const PortRow& row) {
  database_.run(
      "INSERT OR REPLACE INTO published_ports(container_id, protocol, host_address, host_port, "
      "container_port, "
      "target) VALUES(?, ?, ?, ?, ?, ?)",
      {row.container, row.binding.protocol, row.binding.host_address, std::int64_t{row.binding.host_port},
       std::int64_t{row.binding.container_port}, row.target});
}

void Store::delete_port(const PortBinding& binding) {
  database_.run("DELETE FROM published_ports WHERE protocol = ? AND host_port = ? AND host_address = ?",
                {binding.protocol, std::int64_t{binding.host_port}, binding.host_address});
}

void Store::delete_ports(const std::string& container) {
  database_.run("DELETE FROM published_ports WHERE container_id = ?", {container});
}

std::vector<Store::PortRow> Store::ports_of(const std::string& container) const {
  std::vector<PortRow> rows;
  const auto collect = [&](const base::SqlRow& row) { rows.push_back(read_port(row)); };
  if (container.empty())
    database_.each(std::string{k_port_columns} + "ORDER BY container_id, protocol, host_address, host_port",
                   {}, collect);
  else
    database_.each(
        std::string{k_port_columns} + "WHERE container_id = ? ORDER BY protocol, host_address, host_port",
        {container}, collect);
  return rows;
}

std::optional<Store::PortRow> Store::holder_of_port(const std::string& protocol,
                                                    std::uint16_t host_port) const {
  std::optional<PortRow> found;
  database_.each(std::string{k_port_columns} + "WHERE protocol = ? AND host_port = ?",
                 {protocol, std::int64_t{host_port}}, [&](const base::SqlRow& row) {
                   if (!found) found = read_port(row);
                 });
  return found;
}

}  // namespace compose::net
