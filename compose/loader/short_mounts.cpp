#include <algorithm>
#include <array>

#include "base/path.hpp"
#include "compose/loader/short_syntax.hpp"

namespace compose::loader {

namespace {

constexpr auto k_propagations =
    std::to_array<std::string_view>({"rprivate", "private", "rshared", "shared", "rslave", "slave"});
constexpr auto k_consistencies = std::to_array<std::string_view>({"cached", "delegated", "consistent"});

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// "C:\data" always, and "c:/data" where another absolute path follows ("c:/data:/srv"): otherwise the letter
// is a volume.
bool starts_with_drive(std::string_view rest) {
  if (rest.size() < 3 || !is_letter(rest[0]) || rest[1] != ':') return false;
  if (rest[2] == '\\') return true;
  return rest[2] == '/' && rest.find(":/", 2) != std::string_view::npos;
}

std::vector<std::string_view> split_spec(std::string_view spec) {
  std::vector<std::string_view> parts;
  std::string_view rest = spec;
  for (;;) {
    const auto colon = rest.find(':', starts_with_drive(rest) ? 2 : 0);
    parts.push_back(rest.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    rest.remove_prefix(colon + 1);
  }
}

bool is_path(std::string_view source) {
  return source.starts_with('.') || source.starts_with('/') || source.starts_with('~') ||
         source.starts_with('\\') || (source.size() > 1 && is_letter(source[0]) && source[1] == ':');
}

void apply_option(ShortMount& mount, std::string_view option) {
  if (option == "ro") mount.read_only = true;
  if (option == "rw") mount.read_only = false;
  if (option == "nocopy") mount.nocopy = true;
  if (option == "z" || option == "Z") mount.selinux = option;
  if (std::ranges::find(k_propagations, option) != k_propagations.end()) mount.propagation = option;
  if (std::ranges::find(k_consistencies, option) != k_consistencies.end()) mount.consistency = option;
}

std::string clean_target(std::string_view target) {
  return target.starts_with('/') ? base::clean_path(target) : std::string{target};
}

bool is_cdi_name(std::string_view spec) {
  const auto slash = spec.find('/');
  const auto equals = spec.find('=');
  return slash != std::string_view::npos && slash != 0 && equals != std::string_view::npos && equals > slash;
}

}  // namespace

ShortMount parse_mount(std::string_view spec) {
  if (spec.empty()) base::fail("invalid empty volume spec");
  const auto parts = split_spec(spec);
  if (parts.size() > 3) base::fail("invalid spec '{}': too many colons", spec);
  if (std::ranges::any_of(parts, [](auto part) { return part.empty(); }))
    base::fail("invalid spec '{}': empty section between colons", spec);

  ShortMount mount{.type = "volume", .target = clean_target(parts.size() == 1 ? parts[0] : parts[1])};
  if (parts.size() == 1) return mount;
  mount.source = parts[0];
  if (is_path(mount.source)) mount.type = mount.source.starts_with("\\\\.\\pipe\\") ? "npipe" : "bind";
  auto options = parts.size() == 3 ? parts[2] : std::string_view{};
  while (!options.empty()) {
    const auto comma = options.find(',');
    apply_option(mount, options.substr(0, comma));
    options.remove_prefix(comma == std::string_view::npos ? options.size() : comma + 1);
  }
  return mount;
}

ShortDevice parse_device(std::string_view spec) {
  if (is_cdi_name(spec))
    return {.source = std::string{spec}, .target = std::string{spec}, .permissions = "rwm"};
  std::vector<std::string> parts;
  for (auto rest = spec;;) {
    const auto colon = rest.find(':');
    parts.emplace_back(rest.substr(0, colon));
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  if (parts.size() > 3) base::fail("confusing device mapping, please use long syntax: {}", spec);
  return {.source = parts[0],
          .target = parts.size() > 1 && !parts[1].empty() ? parts[1] : parts[0],
          .permissions = parts.size() > 2 ? parts[2] : "rwm"};
}

std::string without_brackets(std::string_view address) {
  if (address.size() > 2 && address.starts_with('[') && address.ends_with(']'))
    address = address.substr(1, address.size() - 2);
  return std::string{address};
}

ShortHost parse_host(std::string_view spec) {
  auto separator = spec.find('=');
  if (separator == std::string_view::npos) separator = spec.find(':');
  if (separator == std::string_view::npos) base::fail("invalid additional host, missing IP: '{}'", spec);
  if (separator == 0) base::fail("bad host name '' in '{}'", spec);
  return {std::string{spec.substr(0, separator)}, without_brackets(spec.substr(separator + 1))};
}

}  // namespace compose::loader
