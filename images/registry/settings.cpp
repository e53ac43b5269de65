#include "images/registry/settings.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/sys.hpp"
#include "base/units.hpp"
#include "images/registry/proxy.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::HostPath;
using base::Json;

std::string host_of(const std::string& authority) {
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

void read_duration(const Json& value, const std::string& name, std::chrono::milliseconds& into) {
  std::string spelling;
  base::from_json(value, spelling, name);
  const auto duration = base::parse_duration(spelling);
  if (!duration || *duration <= base::Nanoseconds{0}) fail("{}: '{}' is not a duration", name, spelling);
  into = std::chrono::duration_cast<std::chrono::milliseconds>(*duration);
}

void read_member(const std::string& name, const Json& value, RegistrySettings& into) {
  if (name == "insecure") {
    std::vector<std::string> insecure;
    base::from_json(value, insecure, name);
    into.insecure.insert(into.insecure.end(), insecure.begin(), insecure.end());
  } else if (name == "mirrors") {
    base::from_json(value, into.mirrors, name);
  } else if (name == "certificates") {
    std::string directory;
    base::from_json(value, directory, name);
    into.certificates.insert(into.certificates.begin(), HostPath{directory});
  } else if (name == "connect_timeout") {
    read_duration(value, name, into.stream.connect_timeout);
  } else if (name == "stall_timeout") {
    read_duration(value, name, into.stream.stall_timeout);
  } else if (name == "first_wait") {
    read_duration(value, name, into.retry.first_wait);
  } else if (name == "attempts") {
    base::from_json(value, into.retry.attempts, name);
  } else {
    fail("'{}' is not a known key", name);
  }
}

void add_list(std::string_view list, std::vector<std::string>& into) {
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", "), list.size());
    if (end > 0) into.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

}  // namespace

bool RegistrySettings::is_insecure(const std::string& authority) const {
  const auto host = host_of(authority);
  if (is_this_machine(host)) return true;
  return std::ranges::any_of(insecure, [&](const std::string& entry) {
    return entry == authority || entry == host || address_in_range(host, entry);
  });
}

TlsSettings RegistrySettings::tls_for(const std::string& authority) const {
  TlsSettings tls{.verify = !is_insecure(authority)};
  for (const auto& directory : certificates) {
    const auto place = directory / authority;
    if (!base::sys::exists(place)) continue;
    for (const auto& name : base::list_directory(place)) {
      if (name.ends_with(".crt")) tls.authorities.push_back(place / name);
      if (!name.ends_with(".cert")) continue;
      tls.certificate = place / name;
      tls.key = place / (name.substr(0, name.size() - 5) + ".key");
    }
    // Who names an authority wants it asked, on this machine too.
    if (!tls.authorities.empty()) tls.verify = true;
    break;
  }
  return tls;
}

void read_registry_settings(std::string_view json, RegistrySettings& into) {
  const auto document = base::parse_json(json, "registry settings");
  if (!document.is_object()) fail("must be an object");
  for (const auto& [name, value] : document.items()) read_member(name, value, into);
}

RegistrySettings load_registry_settings() {
  RegistrySettings settings{.certificates = {HostPath{"/etc/compose/certs.d"},
                                             HostPath{"/etc/docker/certs.d"},
                                             HostPath{"/etc/containers/certs.d"}}};
  auto named = base::sys::environment("COMPOSE_REGISTRIES_FILE");
  if (named && named->empty()) named.reset();
  const HostPath file{named.value_or("/etc/compose/registries.json")};
  if (const auto text = named ? std::optional{base::read_file(file)} : base::read_file_if_exists(file))
    base::with_context(base::text("read '{}'", file.str()), [&] { read_registry_settings(*text, settings); });
  add_list(base::sys::environment("COMPOSE_INSECURE_REGISTRIES").value_or(""), settings.insecure);
  if (const auto directory = base::sys::environment("DOCKER_CONFIG"); directory && !directory->empty())
    settings.docker_config = HostPath{base::absolute_path(*directory, base::sys::current_directory())};
  else
    settings.docker_config = HostPath{base::sys::environment("HOME").value_or("/root") + "/.docker"};
  return settings;
}

}  // namespace compose::images
