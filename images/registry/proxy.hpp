#pragma once
// Which proxy a request goes through: HTTP_PROXY, HTTPS_PROXY and NO_PROXY (and their lowercase spellings),
// read as Go's net/http reads them, because Docker does. Pure but for from_environment().
#include <optional>
#include <string>

#include "images/registry/url.hpp"

namespace compose::images {

struct ProxySettings {
  std::string http;   // of http:// requests; "" none
  std::string https;  // of https:// requests
  std::string none;   // "localhost,.corp.example,10.0.0.0/8,host:5000", "*"
  static ProxySettings from_environment();
};

// nullopt: straight. This machine itself is never asked through a proxy.
[[nodiscard]] std::optional<Url> proxy_for(const ProxySettings& settings, const Url& url);

// "127.0.0.1", "localhost", "::1".
[[nodiscard]] bool is_this_machine(const std::string& host);

// Is `host` an address inside `range` ("10.0.0.0/8", "fd00::/8", or one address)?
[[nodiscard]] bool address_in_range(const std::string& host, const std::string& range);

}  // namespace compose::images
