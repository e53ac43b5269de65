#pragma once
// What one container gets of the network, as values: its addresses (leases) and what its namespace is built
// from.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "net/spec/network_spec.hpp"

namespace compose::net {

// The addresses of one container on one network. Kept in the state database from creation until removal, so
// that a restarted container has its old ones. The link inside is called eth0, eth1 ... in the order of the
// leases.
struct Lease {
  NetworkId network;
  std::string network_name;
  std::string container;  // 64 hex digits
  int index = 0;          // of the interface: eth<index>
  std::string ipv4;       // "172.20.0.3", without prefix length; empty: none
  int ipv4_prefix = 0;
  std::string ipv4_gateway;  // the bridge's own address
  std::string ipv6;
  int ipv6_prefix = 0;
  std::string ipv6_gateway;
  std::string mac;  // "02:42:ac:14:00:03"
  bool default_route = false;
  bool internal = false;  // no way out, no forwarding of names
  bool operator==(const Lease&) const = default;
};

// The request for the addresses of one container; `attachments[i].network` is the full name of the network
// here.
struct LeaseRequest {
  std::string container;
  std::vector<AttachmentSpec> attachments;
};

struct SandboxSpec {
  std::string container;
  std::vector<Lease> leases;                   // empty: only the loopback link
  std::map<std::string, std::string> sysctls;  // those below "net."; others are ignored here
};

}  // namespace compose::net
