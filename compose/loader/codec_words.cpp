#include "compose/loader/codec_words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>

#include "base/process.hpp"
#include "base/text.hpp"
#include "compose/loader/short_syntax.hpp"
#include "net/spec/pool.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/kernel_words.hpp"

namespace compose::loader {

namespace {

using base::text;

constexpr auto k_restart_words =
    std::to_array<std::string_view>({"no", "always", "on-failure", "unless-stopped"});
constexpr auto k_restart_conditions =
    std::to_array<std::string_view>({"none", "on-failure", "any", "no", "always", "unless-stopped"});
constexpr auto k_network_modes = std::to_array<std::string_view>({"none", "host", "bridge", "default"});
constexpr auto k_ipc_modes = std::to_array<std::string_view>({"none", "private", "shareable", "host"});
constexpr auto k_namespace_modes = std::to_array<std::string_view>({"host", "private"});
constexpr auto k_security_options =
    std::to_array<std::string_view>({"apparmor", "label", "no-new-privileges", "seccomp", "systempaths"});
constexpr int k_last_cpu = 1 << 20;

bool is_among(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

std::optional<int> count_of(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size() || value < 0)
    return std::nullopt;
  return value;
}

// "3" or "3-5", both within [low, high].
bool is_number_range(std::string_view range, int low, int high) {
  const auto dash = range.find('-');
  const auto first = count_of(range.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : count_of(range.substr(dash + 1));
  return first && last && low <= *first && *first <= *last && *last <= high;
}

bool is_shared(std::string_view mode) {
  for (const std::string_view prefix : {"service:", "container:"})
    if (mode.starts_with(prefix) && mode.size() > prefix.size()) return true;
  return false;
}

std::string refuse_memory(std::int64_t bytes) {
  if (bytes <= 0 || bytes >= rt::k_least_memory) return {};
  return text("must be at least 6m, or 0 for no limit: {} bytes leave no room to start a container", bytes);
}

bool is_platform_word(std::string_view word) {
  return !word.empty() && word.size() <= 64 && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace

namespace complain {

std::string address(std::string_view given) {
  return is_ip_address(given) ? "" : text("'{}' is no IP address", given);
}

std::string host_address(std::string_view given) {
  if (given == "host-gateway" || is_ip_address(given)) return {};
  return text("'{}' is no IP address; write one, or host-gateway for this host", given);
}

std::string ipv4_address(std::string_view given) {
  const auto parsed = net::IpAddress::parse(given);
  return parsed && !parsed->v6 ? "" : text("'{}' is no IPv4 address", given);
}

std::string ipv6_address(std::string_view given) {
  const auto parsed = net::IpAddress::parse(given);
  return parsed && parsed->v6 ? "" : text("'{}' is no IPv6 address", given);
}

std::string capability(std::string_view given) {
  const auto lower = base::lower_case(given);
  if (lower == "all" || lower == "cap_all" || rt::capability_number(given)) return {};
  const std::string upper = base::upper_case(given);
  const std::string_view bare = upper.starts_with("CAP_") ? std::string_view{upper}.substr(4) : upper;
  return text("unknown capability '{}'{}", given, suggestion(bare, rt::capability_words()));
}

std::string container_path(std::string_view given) {
  return given.starts_with('/') ? ""
                                : text("'{}' must be an absolute path of the container: /{}", given, given);
}

std::string tmpfs(std::string_view given) {
  return container_path(given.substr(0, given.find(':')));
}

std::string cpu_set(std::string_view given) {
  for (auto rest = given;;) {
    const auto comma = rest.find(',');
    if (!is_number_range(rest.substr(0, comma), 0, k_last_cpu))
      return text("'{}' must be numbers of CPUs, such as 0-3 or 0,2", given);
    if (comma == std::string_view::npos) return {};
    rest.remove_prefix(comma + 1);
  }
}

std::string mac_address(std::string_view given) {
  return net::parse_mac(given)
             ? ""
             : text("'{}' is no MAC address of one interface, such as 02:42:ac:11:00:02", given);
}

std::string platform(std::string_view given) {
  std::size_t words = 0;
  for (auto rest = given;; ++words) {
    const auto slash = rest.find('/');
    if (words == 3 || !is_platform_word(rest.substr(0, slash)))
      return text("'{}' must be <system>/<architecture>[/<variant>], such as linux/arm64", given);
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

std::string published_port(std::string_view given) {
  if (given == "0" || is_number_range(given, 1, 65535)) return {};
  return text("'{}' must be a port from 1 to 65535, or a range such as 8000-8010", given);
}

std::string port_protocol(std::string_view given) {
  if (given == "tcp" || given == "udp" || given == "sctp") return {};
  return text("must be 'tcp' or 'udp', not '{}'", given);
}

std::string exposed_port(std::string_view given) {
  const auto slash = given.find('/');
  const auto protocol = slash == std::string_view::npos ? "tcp" : given.substr(slash + 1);
  if (is_number_range(given.substr(0, slash), 1, 65535) && port_protocol(protocol).empty()) return {};
  return text("'{}' must be a port from 1 to 65535, such as 8080 or 53/udp", given);
}

std::string device_access(std::string_view given) {
  if (given.find_first_not_of("rwm") == std::string_view::npos) return {};
  return text("'{}' must be letters of rwm: read, write, make", given);
}

std::string device_rule(std::string_view given) {
  const auto colon = given.find(':');
  const auto blank = given.find(' ', colon);
  const bool shape = colon != std::string_view::npos && blank != std::string_view::npos && colon > 2 &&
                     given[1] == ' ' && std::string_view{"abc"}.find(given[0]) != std::string_view::npos;
  const auto is_number = [](std::string_view digits) {
    return digits == "*" || count_of(digits).has_value();
  };
  if (shape && is_number(given.substr(2, colon - 2)) &&
      is_number(given.substr(colon + 1, blank - colon - 1)) && blank + 1 < given.size() &&
      device_access(given.substr(blank + 1)).empty())
    return {};
  return text("'{}' must be of the form 'c 1:3 rwm'", given);
}

std::string security_option(std::string_view given) {
  const auto separator = given.find_first_of("=:");
  const auto name = given.substr(0, separator);
  const auto value = separator == std::string_view::npos ? "" : given.substr(separator + 1);
  if (name == "systempaths" && value != "unconfined") return "'systempaths' can only be 'unconfined'";
  if (is_among(k_security_options, name)) return {};
  return text("unknown option '{}'{}", name, suggestion(name, k_security_options));
}

std::string restart(std::string_view given) {
  const auto colon = given.find(':');
  const auto word = given.substr(0, colon);
  if (!is_among(k_restart_words, word))
    return text(
        "must be 'no', 'always', 'on-failure', 'on-failure:<retries>' or 'unless-stopped', not '{}'{}", given,
        suggestion(word, k_restart_words));
  if (colon == std::string_view::npos) return {};
  if (word != "on-failure") return text("'{}' takes no number of retries, only 'on-failure' does", word);
  if (count_of(given.substr(colon + 1))) return {};
  return text("'{}' is no number of retries, write on-failure:3", given.substr(colon + 1));
}

std::string restart_condition(std::string_view given) {
  if (is_among(k_restart_conditions, given)) return {};
  return text("must be 'none', 'on-failure' or 'any', not '{}'{}", given,
              suggestion(given, k_restart_conditions));
}

std::string signal(std::string_view given) {
  if (base::parse_signal(given)) return {};
  std::vector<std::string> names;
  for (int n = 1; n < 32; ++n) names.push_back(base::signal_name(n));
  const std::vector<std::string_view> known(names.begin(), names.end());
  return text("unknown signal '{}'{}", given, suggestion(given, known));
}

std::string network_mode(std::string_view given) {
  if (is_among(k_network_modes, given) || is_shared(given)) return {};
  const auto external = "networks: {" + std::string{given} + ": {external: true}}";
  return text(
      "must be 'none', 'host', 'service:<name>' or 'container:<name>', not '{}'; a service joins the network "
      "'{}' with 'networks: [{}]', and one of another project needs '{}' at the end of the file",
      given, given, given, external);
}

std::string ipc_mode(std::string_view given) {
  if (is_among(k_ipc_modes, given) || is_shared(given)) return {};
  return text("must be 'host', 'private', 'shareable', 'service:<name>' or 'container:<name>', not '{}'",
              given);
}

std::string namespace_mode(std::string_view given) {
  if (is_among(k_namespace_modes, given) || is_shared(given)) return {};
  return text("must be 'host', 'service:<name>' or 'container:<name>', not '{}'", given);
}

}  // namespace complain

void MemoryLimit::read(Reader& reader, const Node& node, const KeyPath& path,
                       std::optional<std::int64_t>& value) {
  ByteSize::read(reader, node, path, value);
  if (const auto complaint = refuse_memory(value.value_or(0)); !complaint.empty())
    reader.fail(node, path, complaint);
}

void MemoryLimitText::read(Reader& reader, const Node& node, const KeyPath& path,
                           std::optional<std::int64_t>& value) {
  ByteText::read(reader, node, path, value);
  if (const auto complaint = refuse_memory(value.value_or(0)); !complaint.empty())
    reader.fail(node, path, complaint);
}

void KernelParameters::read(Reader& reader, const Node& node, const KeyPath& path, model::StringMap& value) {
  KeyValues::read(reader, node, path, value);
  for (const auto& entry : node.entries) {
    if (rt::home_of_parameter(entry.key) == rt::ParameterHome::host)
      reader.fail(entry.value, KeyPath{path, entry.key},
                  "is a kernel parameter of the whole host, a container has net.*, fs.mqueue.*, "
                  "kernel.domainname, kernel.sem, kernel.msg* and kernel.shm*");
  }
}

}  // namespace compose::loader
