#pragma once
// Content of the files that the runtime puts into every container: /etc/resolv.conf, /etc/hosts,
// /etc/hostname. Pure. Values with a line break are refused: they would write lines of their own.
#include <span>
#include <string>

#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

// `own_resolver`: the shim answers on 127.0.0.11; otherwise the servers of the spec, or else the host's.
std::string resolv_conf(const DnsSpec& dns, bool own_resolver, std::span<const std::string> host_servers);
std::string hosts_file(const ContainerSpec& spec);
std::string effective_hostname(
    const ContainerSpec& spec);  // the first 12 digits of the id where the spec has none

}  // namespace compose::rt
