#include "images/registry/proxy.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <cstdint>

#include "base/sys.hpp"
#include "base/text.hpp"

namespace compose::images {
namespace {

struct Address {
  std::array<std::uint8_t, 16> bytes{};
  unsigned size = 0;  // 4 or 16
};

std::optional<Address> parse_address(const std::string& text) {
  Address address;
  if (::inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.size = 4;
    return address;
  }
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) != 1) return std::nullopt;
  address.size = 16;
  return address;
}

bool same_bits(const Address& a, const Address& b, unsigned bits) {
  for (unsigned i = 0; i < bits; ++i) {
    const unsigned mask = 0x80U >> (i % 8);
    if ((a.bytes[i / 8] & mask) != (b.bytes[i / 8] & mask)) return false;
  }
  return true;
}

std::string environment(const char* upper, const char* lower) {
  const auto value = base::sys::environment(upper);
  if (value && !value->empty()) return *value;
  return base::sys::environment(lower).value_or("");
}

bool excludes(std::string pattern, const Url& url) {
  if (pattern == "*") return true;
  const auto colon = pattern.rfind(':');
  if (colon != std::string::npos && pattern.find(':') == colon) {
    if (pattern.substr(colon + 1) != std::to_string(url.port)) return false;
    pattern.resize(colon);
  }
  if (address_in_range(url.host, pattern)) return true;
  if (pattern.starts_with("*.")) pattern.erase(0, 1);
  if (pattern.starts_with('.')) return url.host.ends_with(pattern);
  return url.host == pattern || url.host.ends_with("." + pattern);
}

bool excluded(std::string_view list, const Url& url) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string pattern;
    for (const char c : list.substr(0, comma))
      if (c != ' ') pattern += c;
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!pattern.empty() && excludes(base::lower_case(pattern), url)) return true;
  }
  return false;
}

}  // namespace

ProxySettings ProxySettings::from_environment() {
  return {.http = environment("HTTP_PROXY", "http_proxy"),
          .https = environment("HTTPS_PROXY", "https_proxy"),
          .none = environment("NO_PROXY", "no_proxy")};
}

bool address_in_range(const std::string& host, const std::string& range) {
  const auto address = parse_address(host);
  const auto slash = range.find('/');
  const auto network = parse_address(range.substr(0, slash));
  if (!address || !network || address->size != network->size) return false;
  unsigned bits = network->size * 8;
  if (slash != std::string::npos) {
    const char* end = range.data() + range.size();
    const auto read = std::from_chars(range.data() + slash + 1, end, bits);
    if (read.ec != std::errc{} || read.ptr != end || bits > network->size * 8) return false;
  }
  return same_bits(*address, *network, bits);
}

bool is_this_machine(const std::string& host) {
  return host == "localhost" || host == "::1" || address_in_range(host, "127.0.0.0/8");
}

std::optional<Url> proxy_for(const ProxySettings& settings, const Url& url) {
  auto address = url.tls ? settings.https : settings.http;
  if (address.empty() || is_this_machine(url.host) || excluded(settings.none, url)) return std::nullopt;
  if (address.find("://") == std::string::npos) address = "http://" + address;
  return parse_url(address);
}

}  // namespace compose::images
