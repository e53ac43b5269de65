#pragma once
// How registries are reached: which may be spoken to without TLS, which mirrors stand in for which, whose
// certificates are believed, and when to give up. From /etc/compose/registries.json (or the file that
// COMPOSE_REGISTRIES_FILE names), with COMPOSE_INSECURE_REGISTRIES added to it.
//
//   {"insecure": ["registry.lan:5000", "10.0.0.0/8"], "mirrors": {"docker.io": ["https://mirror.lan"]},
//    "certificates": "/etc/compose/certs.d", "connect_timeout": "10s", "stall_timeout": "30s",
//    "attempts": 5, "first_wait": "500ms"}
//
// Certificates are looked for as Docker does: <directory>/<host[:port]>/*.crt are authorities, *.cert with
// *.key is what we show. /etc/docker/certs.d and /etc/containers/certs.d are read beside our own directory.
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.hpp"
#include "images/registry/retry.hpp"
#include "images/registry/stream.hpp"

namespace compose::images {

struct RegistrySettings {
  std::vector<std::string> insecure;                        // hosts, "host:port", address ranges
  std::map<std::string, std::vector<std::string>> mirrors;  // by registry
  std::vector<base::HostPath> certificates;                 // directories, first found wins
  StreamSettings stream;
  RetryPolicy retry;
  base::HostPath docker_config;  // a directory: where config.json with credentials is

  // May it be spoken to without TLS, or with a certificate that nobody vouches for? This machine may.
  [[nodiscard]] bool is_insecure(const std::string& authority) const;
  [[nodiscard]] TlsSettings tls_for(const std::string& authority) const;
};

// Adds what `json` says. Error: "insecure: must be ...".
void read_registry_settings(std::string_view json, RegistrySettings& into);

// The files and the environment of this process.
[[nodiscard]] RegistrySettings load_registry_settings();

}  // namespace compose::images
