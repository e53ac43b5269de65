#pragma once
// http and https addresses as a registry client needs them (RFC 3986), and how a redirect is resolved against
// them. Pure; total: any text gives a value or an Error.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/record.hpp"

namespace compose::images {

using base::field;

struct Url {
  bool tls = true;   // https
  std::string host;  // lowercase; an IPv6 address without its brackets
  std::uint16_t port = 443;
  std::string target = "/";  // path and query, never empty; no fragment
  std::string user;          // of "user:password@", decoded; for proxies
  std::string password;

  [[nodiscard]] std::string authority() const;  // "host:5000"; the port only where it is not the usual one
  [[nodiscard]] std::string text() const;       // without user and password
  [[nodiscard]] bool same_origin(const Url& other) const;
  static constexpr auto fields() {
    return std::tuple{field("tls", &Url::tls),   field("host", &Url::host),
                      field("port", &Url::port), field("target", &Url::target),
                      field("user", &Url::user), field("password", &Url::password)};
  }
  bool operator==(const Url&) const = default;
};

// Error: "invalid address 'ftp://x': only http and https are known".
[[nodiscard]] Url parse_url(std::string_view text);

// What `location` means on the page `base`: absolute, "//host/path", "/path" or "path?query".
[[nodiscard]] Url resolve_url(const Url& base, std::string_view location);

// Bytes that may not stand in a query as %XX.
[[nodiscard]] std::string escape_query(std::string_view text);

}  // namespace compose::images
