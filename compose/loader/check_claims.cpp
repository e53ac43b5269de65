// Phase: what only one container or network can have, wanted twice by what is selected: published ports,
// static addresses, address ranges.
#include <map>

#include "base/text.hpp"
#include "compose/loader/read_project.hpp"
#include "net/spec/ip.hpp"

namespace compose::loader {

namespace {

// The addresses of the host that a port is published on.
struct OnHost {
  bool v4 = true;
  bool v6 = true;
  std::string one;  // empty: all of these families

  static OnHost of(const std::string& text) {
    if (text.empty()) return {};
    const bool v6 = text.find(':') != std::string::npos;
    const auto parsed = net::IpAddress::parse(text);
    const bool any = text == "0.0.0.0" || text == "::";
    return {.v4 = !v6, .v6 = v6, .one = any ? "" : parsed ? parsed->str() : text};
  }
  [[nodiscard]] bool meets(const OnHost& other) const {
    if (!((v4 && other.v4) || (v6 && other.v6))) return false;
    return one.empty() || other.one.empty() || one == other.one;
  }
};

class ClaimCheck {
 public:
  ClaimCheck(const model::Project& project, const Node& tree, Diagnostics& diagnostics)
      : project_(project), tree_(tree), diagnostics_(diagnostics) {}

  void run() {
    for (const auto& [name, service] : project_.services) {
      if (service.replicas() == 0) continue;
      for (std::size_t i = 0; i < service.ports.size(); ++i) port(service, i);
      for (const auto& [key, wish] : service.networks) {
        if (!wish) continue;
        address(service, key, "ipv4_address", wish->ipv4_address);
        address(service, key, "ipv6_address", wish->ipv6_address);
      }
    }
    for (const auto& [key, network] : project_.networks) {
      if (network.external) continue;
      for (std::size_t i = 0; i < network.ipam.config.size(); ++i)
        subnet(key, i, network.ipam.config[i].subnet);
    }
  }

 private:
  void fail(std::initializer_list<std::string_view> path, std::string message) {
    if (!diagnostics_.full()) diagnostics_.error(mark_of(tree_, path), std::move(message));
  }

  void port(const model::Service& service, std::size_t i) {
    const auto& port = service.ports[i];
    const bool one =
        !port.published.empty() && port.published != "0" && port.published.find('-') == std::string::npos;
    if (!one) return;
    const auto protocol = port.protocol.empty() ? std::string{"tcp"} : port.protocol;
    const auto where = base::text("services.{}.ports[{}]", service.name, i);
    const auto addresses = OnHost::of(port.host_ip);
    auto& claims = ports_[{protocol, port.published}];
    for (const auto& [other, other_where] : claims) {
      if (!addresses.meets(other)) continue;
      return fail({"services", service.name, "ports", std::to_string(i)},
                  base::text("{}: port {}/{} of the host is published by {} already", where, port.published,
                             protocol, other_where));
    }
    claims.emplace_back(addresses, where);
  }

  void address(const model::Service& service, const std::string& network, std::string_view attribute,
               const std::string& wanted) {
    const auto parsed = net::IpAddress::parse(wanted);
    if (!parsed) return;
    const auto [other, fresh] = addresses_.emplace(std::pair{network, *parsed}, service.name);
    if (!fresh)
      fail({"services", service.name, "networks", network, attribute},
           base::text("services.{}.networks.{}.{}: service \"{}\" has the address {} already", service.name,
                      network, attribute, other->second, wanted));
  }

  void subnet(const std::string& network, std::size_t i, const std::string& text) {
    const auto parsed = net::Subnet::parse(text);
    if (!parsed) return;
    const auto index = std::to_string(i);
    for (const auto& [other, other_network] : subnets_) {
      if (other_network == network || !parsed->overlaps(other)) continue;
      return fail({"networks", network, "ipam", "config", index, "subnet"},
                  base::text("networks.{}.ipam.config[{}].subnet: '{}' overlaps '{}' of network \"{}\"",
                             network, i, text, other.str(), other_network));
    }
    subnets_.emplace_back(*parsed, network);
  }

  const model::Project& project_;
  const Node& tree_;
  Diagnostics& diagnostics_;
  std::map<std::pair<std::string, std::string>, std::vector<std::pair<OnHost, std::string>>> ports_;
  std::map<std::pair<std::string, net::IpAddress>, std::string> addresses_;
  std::vector<std::pair<net::Subnet, std::string>> subnets_;
};

}  // namespace

void check_claims(const model::Project& project, const Node& tree, Diagnostics& diagnostics) {
  ClaimCheck(project, tree, diagnostics).run();
}

}  // namespace compose::loader
