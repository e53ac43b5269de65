#include <algorithm>
#include <charconv>
#include <cmath>

#include "compose/lower/service_lowering.hpp"
#include "net/spec/pool.hpp"

namespace compose::lower {

using base::text;

namespace {

int whole(double priority) {
  return static_cast<int>(std::lround(priority));
}

// The loader has refused what is none.
std::string with_colons(const std::string& mac_address) {
  const auto bytes = net::parse_mac(mac_address);
  return bytes ? net::mac_text(*bytes) : mac_address;
}

net::AttachmentSpec attachment(const ServiceLowering& l, const std::string& key,
                               const model::ServiceNetwork& wish) {
  net::AttachmentSpec a{.network = key,
                        .aliases = {l.service.name},
                        .ipv4_address = wish.ipv4_address,
                        .ipv6_address = wish.ipv6_address,
                        .mac_address = with_colons(wish.mac_address),
                        .priority = whole(wish.gw_priority)};
  for (const std::string& alias : wish.aliases)
    if (std::ranges::find(a.aliases, alias) == a.aliases.end()) a.aliases.push_back(alias);
  if (!wish.interface_name.empty())
    l.warn(text("network \"{}\": `interface_name` is not available, ignoring", key));
  if (!wish.link_local_ips.empty())
    l.warn(text("network \"{}\": `link_local_ips` is not available, ignoring", key));
  return a;
}

// In the order of the interfaces: highest priority first, then by name.
void lower_attachments(const ServiceLowering& l) {
  struct Entry {
    std::string key;
    model::ServiceNetwork wish;
  };
  std::vector<Entry> entries;
  for (const auto& [key, wish] : l.service.networks)
    entries.push_back({key, wish.value_or(model::ServiceNetwork{})});
  std::ranges::stable_sort(entries,
                           [](const Entry& a, const Entry& b) { return a.wish.priority > b.wish.priority; });
  for (const Entry& entry : entries) l.out.attachments.push_back(attachment(l, entry.key, entry.wish));
  if (l.out.attachments.empty()) return;
  net::AttachmentSpec& main = l.out.attachments.front();
  if (main.mac_address.empty()) main.mac_address = with_colons(l.service.mac_address);
  // Without gw_priority the main network has the way out.
  const bool chosen =
      std::ranges::any_of(l.out.attachments, [](const net::AttachmentSpec& a) { return a.priority != 0; });
  if (!chosen) main.priority = 1;
}

void lower_network_mode(const ServiceLowering& l) {
  const std::string& mode = l.service.network_mode;
  const bool known =
      mode == "none" || mode == "host" || mode.starts_with("service:") || mode.starts_with("container:");
  if (mode.empty() || known) return;
  if (mode != "bridge" && mode != "default") l.fail(text("unsupported network_mode \"{}\"", mode));
  l.warn(text("`network_mode: {}` is treated as the project's default network", mode));
  l.out.attachments.push_back({.network = "default", .aliases = {l.service.name}, .priority = 1});
}

std::uint16_t port_number(const ServiceLowering& l, std::string_view digits) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size())
    l.fail(text("invalid published port \"{}\"", digits));
  return value;
}

void lower_ports(const ServiceLowering& l) {
  for (const model::Port& port : l.service.ports) {
    sched::PortRequest request{.protocol = port.protocol.empty() ? "tcp" : port.protocol,
                               .host_address = port.host_ip,
                               .target = static_cast<std::uint16_t>(port.target)};
    if (request.protocol != "tcp" && request.protocol != "udp")
      l.fail(text("port {}: protocol \"{}\" cannot be published", port.target, request.protocol));
    const std::string_view published = port.published;
    const auto dash = published.find('-');
    if (!published.empty()) {
      request.published_first = port_number(l, published.substr(0, dash));
      request.published_last = dash == std::string_view::npos ? request.published_first
                                                              : port_number(l, published.substr(dash + 1));
    }
    l.out.ports.push_back(std::move(request));
  }
  l.out.exposed = l.image.exposed_ports;
  for (const std::string& port : l.service.expose) {
    std::string spelled = port.find('/') == std::string::npos ? port + "/tcp" : port;
    if (std::ranges::find(l.out.exposed, spelled) == l.out.exposed.end())
      l.out.exposed.push_back(std::move(spelled));
  }
}

}  // namespace

void lower_network(const ServiceLowering& l) {
  const model::Service& s = l.service;
  lower_attachments(l);
  lower_network_mode(l);
  lower_ports(l);
  l.out.spec.hostname = s.hostname;
  l.out.spec.domainname = s.domainname;
  l.out.spec.dns = {.servers = s.dns, .search = s.dns_search, .options = s.dns_opt};
  for (const auto& [name, addresses] : s.extra_hosts)
    for (const std::string& address : addresses) l.out.spec.dns.extra_hosts.emplace_back(name, address);
}

}  // namespace compose::lower
