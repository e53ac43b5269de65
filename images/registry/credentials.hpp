#pragma once
// Who we are for a registry, from Docker's config.json: `auths`, and the programs that `credHelpers` and
// `credsStore` name. Passwords go nowhere but into the request.
#include <optional>
#include <string>
#include <string_view>

#include "base/path.hpp"

namespace compose::images {

struct Credentials {
  std::string user;
  std::string password;
  std::string identity_token;  // instead of both: a refresh token
  std::string registry_token;  // instead of all: sent as it is
  [[nodiscard]] bool empty() const noexcept {
    return user.empty() && identity_token.empty() && registry_token.empty();
  }
  bool operator==(const Credentials&) const = default;
};

// What config.json says about a registry: credentials themselves, or the helper to ask and for what.
struct CredentialEntry {
  Credentials credentials;
  std::string helper;  // "pass": the program docker-credential-pass; "" none
  std::string server;  // what to ask it for
};

// `registry` as in references: "docker.io", "localhost:5000". Pure. Error: "auths: ...".
[[nodiscard]] CredentialEntry find_credentials(std::string_view config_json, const std::string& registry);

// Reads <directory>/config.json and asks the helper. None where there is no file or it says nothing.
[[nodiscard]] Credentials load_credentials(const base::HostPath& directory, const std::string& registry);

}  // namespace compose::images
