#include "images/registry/url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace compose::images {
namespace {

using Complaint = std::optional<std::string>;

constexpr std::uint16_t k_http = 80;
constexpr std::uint16_t k_https = 443;
constexpr std::size_t k_max_url = 16U << 10U;

std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() && base::hex_digit(text[i + 1]) >= 0 &&
                         base::hex_digit(text[i + 2]) >= 0;
    plain += escaped ? static_cast<char>(base::hex_digit(text[i + 1]) * 16 + base::hex_digit(text[i + 2]))
                     : text[i];
    if (escaped) i += 2;
  }
  return plain;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

Complaint read_port(std::string_view digits, Url& into) {
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), into.port);
  if (digits.empty() || end.ec != std::errc{} || end.ptr != digits.data() + digits.size() || into.port == 0)
    return base::text("'{}' is not a port", digits);
  return std::nullopt;
}

Complaint read_host(std::string_view host, Url& into) {
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == std::string_view::npos) return "the '[' is not closed";
    into.host = host.substr(1, close - 1);
    host.remove_prefix(close + 1);
    if (!host.empty() && host.front() != ':') return "there is something behind the ']'";
    if (!host.empty()) return read_port(host.substr(1), into);
  } else {
    const auto colon = host.find(':');
    into.host = host.substr(0, colon);
    if (colon != std::string_view::npos)
      if (auto complaint = read_port(host.substr(colon + 1), into)) return complaint;
  }
  if (into.host.empty()) return "the host is missing";
  return std::nullopt;
}

void read_user(std::string_view text, Url& into) {
  const auto colon = text.find(':');
  into.user = unescape(text.substr(0, colon));
  if (colon != std::string_view::npos) into.password = unescape(text.substr(colon + 1));
}

Complaint parse(std::string_view text, Url& into) {
  if (text.size() > k_max_url) return "it is longer than 16 KiB";
  if (!is_printable(text)) return "it contains a character that may not stand in an address";
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return "'http://' or 'https://' is missing";
  const auto name = base::lower_case(text.substr(0, scheme));
  if (name != "http" && name != "https") return "only http and https are known";
  into.tls = name == "https";
  into.port = into.tls ? k_https : k_http;
  text.remove_prefix(scheme + 3);
  text = text.substr(0, text.find('#'));
  const auto end = std::min(text.find_first_of("/?"), text.size());
  auto authority = text.substr(0, end);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    read_user(authority.substr(0, at), into);
    authority.remove_prefix(at + 1);
  }
  if (auto complaint = read_host(authority, into)) return complaint;
  into.host = base::lower_case(into.host);
  into.target = text.substr(end);
  if (!into.target.starts_with('/')) into.target.insert(0, "/");
  return std::nullopt;
}

}  // namespace

std::string Url::authority() const {
  const auto shown = host.find(':') == std::string::npos ? host : "[" + host + "]";
  return port == (tls ? k_https : k_http) ? shown : base::text("{}:{}", shown, port);
}

std::string Url::text() const {
  return (tls ? "https://" : "http://") + authority() + target;
}

bool Url::same_origin(const Url& other) const {
  return tls == other.tls && host == other.host && port == other.port;
}

Url parse_url(std::string_view text) {
  Url url;
  if (const auto complaint = parse(text, url)) base::fail("invalid address '{}': {}", text, *complaint);
  return url;
}

Url resolve_url(const Url& base, std::string_view location) {
  const auto scheme = location.find("://");
  if (scheme != std::string_view::npos && scheme < location.find_first_of("/?#")) return parse_url(location);
  const std::string before = base.tls ? "https:" : "http:";
  if (location.starts_with("//")) return parse_url(before + std::string{location});
  std::string target;
  if (location.starts_with('/')) {
    target = location;
  } else {
    const auto path = base.target.substr(0, base.target.find('?'));
    target = location.starts_with('?') ? path + std::string{location}
                                       : path.substr(0, path.rfind('/') + 1) + std::string{location};
  }
  return parse_url(before + "//" + base.authority() + target);
}

std::string escape_query(std::string_view text) {
  static constexpr std::string_view k_hex = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"-._~:/,"}.find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain) {
      escaped += c;
    } else {
      escaped += {'%', k_hex[byte >> 4U], k_hex[byte & 15U]};
    }
  }
  return escaped;
}

}  // namespace compose::images
