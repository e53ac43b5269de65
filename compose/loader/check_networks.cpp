// Phase: address ranges of networks, and the addresses that enabled services want of them.
#include "base/text.hpp"
#include "compose/loader/read_project.hpp"
#include "net/spec/pool.hpp"

namespace compose::loader {

namespace {

bool is_v6(const model::AddressPool& pool) {
  return pool.subnet.find(':') != std::string::npos;
}

net::AddressPoolSpec spec_of(const model::AddressPool& pool) {
  return {.subnet = pool.subnet, .gateway = pool.gateway, .ip_range = pool.ip_range};
}

class NetworkCheck {
 public:
  NetworkCheck(const model::Project& project, const Node& tree, Diagnostics& diagnostics)
      : project_(project), tree_(tree), diagnostics_(diagnostics) {}

  void network(const std::string& key, const model::Network& network) {
    const model::AddressPool* of_family[2] = {nullptr, nullptr};
    for (std::size_t i = 0; i < network.ipam.config.size(); ++i) {
      const auto& pool = network.ipam.config[i];
      const auto where = base::text("networks.{}.ipam.config[{}]", key, i);
      check_pool(pool, mark_of(tree_, {"networks", key, "ipam", "config", std::to_string(i)}), where);
      if (pool.subnet.empty()) continue;
      const auto*& earlier = of_family[is_v6(pool) ? 1 : 0];
      if (earlier != nullptr)
        fail({"networks", key, "ipam", "config", std::to_string(i), "subnet"},
             base::text("{}.subnet: the network has the {} subnet '{}' already", where,
                        is_v6(pool) ? "IPv6" : "IPv4", earlier->subnet));
      earlier = &pool;
    }
  }

  void service(const model::Service& service) {
    for (const auto& [key, wish] : service.networks) {
      const auto network = project_.networks.find(key);
      if (!wish || network == project_.networks.end()) continue;
      address(service, key, network->second, "ipv4_address", wish->ipv4_address);
      address(service, key, network->second, "ipv6_address", wish->ipv6_address);
    }
  }

 private:
  void fail(std::initializer_list<std::string_view> path, std::string message) {
    if (!diagnostics_.full()) diagnostics_.error(mark_of(tree_, path), std::move(message));
  }

  void check_pool(const model::AddressPool& pool, Mark mark, const std::string& where) {
    if (diagnostics_.full()) return;
    if (pool.subnet.empty()) {
      if (!pool.gateway.empty() || !pool.ip_range.empty())
        diagnostics_.error(mark,
                           where + ": missing key 'subnet', which 'gateway' and 'ip_range' are parts of");
      return;
    }
    try {
      (void)net::make_pool(spec_of(pool));
    } catch (const base::Error& e) {
      diagnostics_.error(mark, base::text("{}: {}", where, e.what()));
    }
  }

  void address(const model::Service& service, const std::string& key, const model::Network& network,
               std::string_view attribute, const std::string& wanted) {
    if (wanted.empty()) return;
    const auto complain = [&](std::string_view why) {
      fail({"services", service.name, "networks", key, attribute},
           base::text("services.{}.networks.{}.{}: {}", service.name, key, attribute, why));
    };
    if (service.replicas() > 1)
      return complain(base::text("{} containers of the service cannot all have the address {}",
                                 service.replicas(), wanted));
    if (network.external) return;  // its subnet is known when it is used
    const bool v6 = attribute == "ipv6_address";
    for (const auto& pool : network.ipam.config)
      if (!pool.subnet.empty() && is_v6(pool) == v6) return within(pool, wanted, complain);
    complain(base::text("network \"{}\" has no {} subnet that {} could be of; give it one in 'ipam.config'",
                        key, v6 ? "IPv6" : "IPv4", wanted));
  }

  template <class F>
  static void within(const model::AddressPool& pool, const std::string& wanted, F&& complain) {
    std::optional<net::Pool> made;
    try {
      made = net::make_pool(spec_of(pool));
    } catch (const base::Error&) {
      return;  // said of the network
    }
    try {
      (void)net::check_static_address(*made, wanted);
    } catch (const base::Error& e) {
      complain(e.what());
    }
  }

  const model::Project& project_;
  const Node& tree_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_networks(const model::Project& project, const Node& tree, Diagnostics& diagnostics) {
  NetworkCheck check(project, tree, diagnostics);
  for (const auto& [key, network] : project.networks) check.network(key, network);
  for (const auto& [name, service] : project.services) check.service(service);
}

}  // namespace compose::loader
