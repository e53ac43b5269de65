#include <arpa/inet.h>
#include <charconv>
#include <optional>

#include "base/text.hpp"
#include "compose/loader/short_syntax.hpp"

namespace compose::loader {

namespace {

struct Range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  [[nodiscard]] std::uint32_t length() const { return last - first; }
};

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

Range parse_range(std::string_view text, std::string_view what) {
  const auto dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_number(text.substr(dash + 1));
  if (!first || !last || *first > *last) base::fail("invalid {} port '{}', ports are 1 to 65535", what, text);
  return {*first, *last};
}

struct Parts {
  std::string_view address;
  std::string_view host;
  std::string_view container;
  std::string protocol = "tcp";
};

// From the right: container port, host port, and what is left is the address.
Parts take_apart(std::string_view spec) {
  Parts parts;
  auto rest = spec;
  const auto take_last = [&rest] {
    const auto colon = rest.rfind(':');
    const auto last = colon == std::string_view::npos ? rest : rest.substr(colon + 1);
    rest = colon == std::string_view::npos ? std::string_view{} : rest.substr(0, colon);
    return last;
  };
  parts.container = take_last();
  parts.host = take_last();
  parts.address = rest;
  if (const auto slash = parts.container.find('/'); slash != std::string_view::npos) {
    if (slash + 1 < parts.container.size())
      parts.protocol = base::lower_case(parts.container.substr(slash + 1));
    parts.container = parts.container.substr(0, slash);
  }
  return parts;
}

void check(const Parts& parts, std::string_view spec) {
  const auto& [address, host, container, protocol] = parts;
  if (!address.empty() && !is_ip_address(without_brackets(address)))
    base::fail("invalid IP address '{}'", address);
  if (container.empty()) base::fail("no container port in '{}'", spec);
  if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
    base::fail("invalid protocol '{}', known are tcp, udp and sctp", protocol);
}

}  // namespace

bool is_ip_address(std::string_view text) {
  const std::string address{text.substr(0, text.find('%'))};
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, address.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), bytes) == 1;
}

std::vector<PortBinding> parse_port(std::string_view spec) {
  const Parts parts = take_apart(spec);
  check(parts, spec);
  const Range container = parse_range(parts.container, "container");
  const Range host = parts.host.empty() ? Range{} : parse_range(parts.host, "host");
  if (!parts.host.empty() && container.length() != host.length() && container.length() != 0)
    base::fail("the ranges of container ports '{}' and host ports '{}' differ in length", parts.container,
               parts.host);

  std::vector<PortBinding> bindings;
  bindings.reserve(container.length() + 1);
  for (std::uint32_t i = 0; i <= container.length(); ++i) {
    std::string published = parts.host.empty() ? "" : std::to_string(host.first + i);
    if (container.length() == 0 && host.length() != 0) published += "-" + std::to_string(host.last);
    bindings.push_back({.host_ip = without_brackets(parts.address),
                        .published = std::move(published),
                        .target = container.first + i,
                        .protocol = parts.protocol});
  }
  return bindings;
}

}  // namespace compose::loader
