#include "images/reference.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "base/error.hpp"

namespace compose::images {
namespace {

constexpr std::string_view k_default_domain = "docker.io";
constexpr std::string_view k_default_namespace = "library/";
constexpr std::size_t k_max_name = 255;
constexpr std::size_t k_max_tag = 128;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_number(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_number(c) || (c >= 'a' && c <= 'f');
}
bool is_word(char c) {
  return is_lower(c) || is_upper(c) || is_number(c) || c == '_';
}

using Complaint = std::optional<std::string>;

// [a-z0-9]+ parts joined by one of: "."  "_"  "__"  "-"...
Complaint check_path_component(std::string_view component) {
  if (component.empty()) return "the repository name has an empty component";
  if (std::ranges::any_of(component, is_upper)) return "the repository name must be lowercase";
  std::string separator;
  for (std::size_t i = 0; i < component.size(); ++i) {
    const char c = component[i];
    if (is_lower(c) || is_number(c)) {
      separator.clear();
      continue;
    }
    if (c != '.' && c != '_' && c != '-') return base::text("the repository name must not contain '{}'", c);
    separator += c;
    const bool allowed = separator == "." || separator == "_" || separator == "__" ||
                         separator.find_first_not_of('-') == std::string::npos;
    if (i == 0 || i + 1 == component.size() || !allowed)
      return base::text("'{}' must stand between letters or digits", separator);
  }
  return std::nullopt;
}

Complaint check_host_label(std::string_view label) {
  const auto inside = [](char c) { return is_lower(c) || is_upper(c) || is_number(c) || c == '-'; };
  if (label.empty() || !std::ranges::all_of(label, inside) || label.front() == '-' || label.back() == '-')
    return "the registry is not a host name";
  return std::nullopt;
}

Complaint check_domain(std::string_view domain) {
  std::string_view host = domain;
  const auto colon = domain.rfind(':');
  if (colon != std::string_view::npos && domain.back() != ']') {
    const auto port = domain.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !std::ranges::all_of(port, is_number))
      return "the port of the registry is not a number";
    host = domain.substr(0, colon);
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    const auto inside = [](char c) { return is_hex(c) || (c >= 'A' && c <= 'F') || c == ':'; };
    if (!std::ranges::all_of(host.substr(1, host.size() - 2), inside))
      return "the registry is not an IPv6 address";
    return std::nullopt;
  }
  for (;;) {
    const auto dot = host.find('.');
    if (auto complaint = check_host_label(host.substr(0, dot))) return complaint;
    if (dot == std::string_view::npos) return std::nullopt;
    host.remove_prefix(dot + 1);
  }
}

Complaint check_tag(std::string_view tag) {
  if (tag.empty()) return "the tag is empty";
  if (tag.size() > k_max_tag) return "the tag is longer than 128 characters";
  const auto inside = [](char c) { return is_word(c) || c == '.' || c == '-'; };
  if (!is_word(tag.front()) || !std::ranges::all_of(tag, inside))
    return base::text("the tag '{}' is not made of letters, digits, '_', '.' and '-'", tag);
  return std::nullopt;
}

Complaint check_path(std::string_view path) {
  for (;;) {
    const auto slash = path.find('/');
    if (auto complaint = check_path_component(path.substr(0, slash))) return complaint;
    if (slash == std::string_view::npos) return std::nullopt;
    path.remove_prefix(slash + 1);
  }
}

bool names_a_registry(std::string_view first_component) {
  return first_component == "localhost" || first_component.find_first_of(".:") != std::string_view::npos ||
         std::ranges::any_of(first_component, is_upper);
}

void split_name(std::string_view name, Reference& into) {
  const auto slash = name.find('/');
  if (slash != std::string_view::npos && names_a_registry(name.substr(0, slash))) {
    into.domain = name.substr(0, slash);
    into.path = name.substr(slash + 1);
  } else {
    into.domain = k_default_domain;
    into.path = name;
  }
  if (into.domain == "index.docker.io") into.domain = k_default_domain;
  if (into.domain == k_default_domain && into.path.find('/') == std::string::npos)
    into.path = std::string{k_default_namespace} + into.path;
}

Complaint check_reference(const Reference& reference, bool has_tag, bool has_digest) {
  if (auto complaint = check_domain(reference.domain)) return complaint;
  if (auto complaint = check_path(reference.path)) return complaint;
  if (reference.domain.size() + 1 + reference.path.size() > k_max_name)
    return "the name is longer than 255 characters";
  if (has_tag)
    if (auto complaint = check_tag(reference.tag)) return complaint;
  if (has_digest && !is_digest(reference.digest))
    return base::text("the digest '{}' is not sha256 and 64 hex digits", reference.digest);
  return std::nullopt;
}

Complaint parse(std::string_view text, Reference& into) {
  if (text.empty()) return "it is empty";
  std::string_view name = text;
  const auto at = name.find('@');
  const bool has_digest = at != std::string_view::npos;
  if (has_digest) {
    into.digest = name.substr(at + 1);
    name = name.substr(0, at);
  }
  const auto colon = name.rfind(':');
  const auto slash = name.rfind('/');
  const bool has_tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  if (has_tag) {
    into.tag = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  if (name.empty()) return "the repository name is empty";
  if (name.size() == 64 && std::ranges::all_of(name, is_hex))
    return "64 hex digits are an image id, not a name";
  split_name(name, into);
  if (auto complaint = check_reference(into, has_tag, has_digest)) return complaint;
  if (!has_tag && !has_digest) into.tag = "latest";
  return std::nullopt;
}

}  // namespace

bool is_digest(std::string_view text) {
  constexpr std::string_view prefix = "sha256:";
  return text.size() == prefix.size() + 64 && text.starts_with(prefix) &&
         std::ranges::all_of(text.substr(prefix.size()), is_hex);
}

std::string Reference::repository() const {
  if (domain != k_default_domain) return domain + "/" + path;
  if (path.starts_with(k_default_namespace) &&
      path.find('/', k_default_namespace.size()) == std::string::npos)
    return path.substr(k_default_namespace.size());
  // Without its registry "docker.io/a.b/c" would be read as an image of the registry a.b.
  if (names_a_registry(path.substr(0, path.find('/')))) return domain + "/" + path;
  return path;
}

std::string Reference::familiar() const {
  return repository() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::full() const {
  return domain + "/" + path + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

Reference parse_reference(std::string_view text) {
  Reference reference;
  if (const auto complaint = parse(text, reference))
    base::fail("invalid image reference '{}': {}", text, *complaint);
  return reference;
}

bool image_matches(std::string_view a, std::string_view b) {
  Reference left;
  Reference right;
  if (parse(a, left) || parse(b, right)) return a == b;
  return left == right;
}

}  // namespace compose::images
