#include "runtime-shim/shim/names.hpp"

#include <sys/epoll.h>

#include "net/dns/resolver.hpp"

namespace compose::rt {
namespace {

namespace dns = net::dns;

dns::ResolverOptions options_of(const ContainerSpec& spec, int network_namespace) {
  dns::ResolverOptions options;
  for (const auto& endpoint : spec.endpoints)
    options.networks.push_back(
        {.name = endpoint.network, .names_table = endpoint.names_table, .internal = endpoint.internal});
  options.servers = spec.dns.servers;
  options.netns = network_namespace;
  options.hosts = spec.dns.extra_hosts;
  return options;
}

}  // namespace

Names::Names(EventLoop& loop, StartMessage& message) : loop_(loop), spec_(message.spec) {
  if (message.dns_sockets.empty()) return;
  resolver_ = std::make_unique<dns::Resolver>(dns::DnsSockets::from(std::move(message.dns_sockets)),
                                              options_of(spec_, message.network_namespace.get()));
  loop_.add(resolver_->fd(), EPOLLIN, *this);
}

Names::~Names() {
  if (resolver_) loop_.remove(resolver_->fd());
}

void Names::ready(std::uint32_t) {
  resolver_->dispatch();
}

void Names::publish() {
  published_.clear();
  for (const auto& endpoint : spec_.endpoints) {
    if (endpoint.names_table.empty()) continue;
    auto table = dns::NamesTable::open(endpoint.names_table);
    published_.push_back(table.publish({.group_names = endpoint.group_names,
                                        .own_names = endpoint.own_names,
                                        .ipv4 = dns::parse_ipv4(endpoint.ipv4),
                                        .ipv6 = dns::parse_ipv6(endpoint.ipv6)}));
  }
}

}  // namespace compose::rt
