#include "runtime-shim/rootfs/etc_files.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace compose::rt {
namespace {

const std::string& one_line(const std::string& value, std::string_view what) {
  if (value.find_first_of("\n\r") != std::string::npos)
    base::fail("{} '{}' contains a line break", what, value);
  return value;
}

}  // namespace

std::string effective_hostname(const ContainerSpec& spec) {
  return spec.hostname.empty() ? spec.id.short_form() : spec.hostname;
}

std::string resolv_conf(const DnsSpec& dns, bool own_resolver, std::span<const std::string> host_servers) {
  std::string out;
  if (own_resolver) {
    out += "nameserver 127.0.0.11\n";
  } else {
    const std::span<const std::string> own{dns.servers};
    for (const auto& server : own.empty() ? host_servers : own)
      out += "nameserver " + one_line(server, "name server") + "\n";
  }
  if (!dns.search.empty()) {
    out += "search";
    for (const auto& domain : dns.search) out += " " + one_line(domain, "search domain");
    out += "\n";
  }
  // A name without a dot is first of all the name of a service: ask for it as it is.
  const bool own_ndots =
      std::ranges::any_of(dns.options, [](const auto& o) { return o.starts_with("ndots:"); });
  std::string options = own_resolver && !own_ndots ? " ndots:0" : "";
  for (const auto& option : dns.options) options += " " + one_line(option, "resolver option");
  if (!options.empty()) out += "options" + options + "\n";
  return out;
}

std::string hosts_file(const ContainerSpec& spec) {
  std::string out =
      "127.0.0.1\tlocalhost\n"
      "::1\tlocalhost ip6-localhost ip6-loopback\n"
      "fe00::\tip6-localnet\n"
      "ff00::\tip6-mcastprefix\n"
      "ff02::1\tip6-allnodes\n"
      "ff02::2\tip6-allrouters\n";
  for (const auto& [name, address] : spec.dns.extra_hosts)
    out += one_line(address, "address of an extra host") + "\t" + one_line(name, "extra host") + "\n";
  const std::string hostname = one_line(effective_hostname(spec), "hostname");
  std::string names = hostname;
  if (!spec.domainname.empty())
    names = hostname + "." + one_line(spec.domainname, "domain name") + " " + hostname;
  for (const auto& endpoint : spec.endpoints) {
    if (!endpoint.ipv4.empty()) out += one_line(endpoint.ipv4, "address") + "\t" + names + "\n";
    if (!endpoint.ipv6.empty()) out += one_line(endpoint.ipv6, "address") + "\t" + names + "\n";
  }
  return out;
}

}  // namespace compose::rt
