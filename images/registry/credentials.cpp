#include "images/registry/credentials.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/process.hpp"
#include "base/spawn.hpp"
#include "base/sys.hpp"
#include "images/host_tool.hpp"
#include "images/registry/base64.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::HostPath;
using base::Json;

constexpr std::string_view k_hub = "docker.io";
constexpr std::string_view k_hub_key = "https://index.docker.io/v1/";  // what docker login writes
constexpr std::size_t k_max_secret = 64U << 10U;

// "https://registry.example/v1/" -> "registry.example"
std::string registry_of_key(std::string key) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (key.starts_with(scheme)) key.erase(0, scheme.size());
  key.resize(std::min(key.find('/'), key.size()));
  return key == "index.docker.io" || key == "registry-1.docker.io" ? std::string{k_hub} : key;
}

const Json* object_member(const Json& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json& object, const char* name) {
  const Json* found = object_member(object, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

Credentials read_entry(const Json& entry, const std::string& key) {
  if (!entry.is_object()) fail("auths.{}: must be an object", key);
  Credentials found{.user = text_of(entry, "username"),
                    .password = text_of(entry, "password"),
                    .identity_token = text_of(entry, "identitytoken"),
                    .registry_token = text_of(entry, "registrytoken")};
  if (const auto encoded = text_of(entry, "auth"); !encoded.empty()) {
    const auto plain = base64_decode(encoded);
    const auto colon = plain ? plain->find(':') : std::string::npos;
    if (colon == std::string::npos) fail("auths.{}.auth: is not base64 of user:password", key);
    found.user = plain->substr(0, colon);
    found.password = plain->substr(colon + 1);
    while (found.password.ends_with('\0')) found.password.pop_back();
  }
  return found;
}

// The helper's name becomes part of a program's name.
std::string checked_helper(const std::string& name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (name.empty() || !std::ranges::all_of(name, good))
    fail("'{}' is not the name of a credential helper", name);
  return name;
}

// An answer without end is refused, and the helper does not outlive it.
std::string answer_of(const base::Process& helper, int out) {
  try {
    return base::sys::read_to_end(out, k_max_secret);
  } catch (const base::Error&) {
    helper.send_signal(SIGKILL);
    (void)helper.wait();
    throw;
  }
}

// The protocol of docker-credential-helpers: "get", the server on stdin, JSON on stdout.
Credentials ask_helper(const std::string& name, const std::string& server) {
  const auto program = require_program("docker-credential-" + name);
  auto in = base::sys::make_pipe();
  auto out = base::sys::make_pipe();
  base::SpawnOptions options{.program = program,
                             .argv = {program.str(), "get"},
                             .environment = own_environment(),
                             .die_with_parent = true};
  options.fds = {{in.read_end.get(), 0}, {out.write_end.get(), 1}};
  const auto process = base::spawn(options);
  in.read_end = {};
  out.write_end = {};
  try {
    base::sys::write_all(in.write_end.get(), server + "\n");
  } catch (const base::SysError&) {
    // It ended without reading; its status tells.
  }
  in.write_end = {};
  const auto answer = answer_of(process, out.read_end.get());
  const auto status = process.wait();
  if (!status.success()) {
    if (answer.find("credentials not found") != std::string::npos) return {};
    fail("it {}", status.describe());
  }
  const auto json = base::parse_json(answer, "its answer");
  if (!json.is_object()) fail("its answer is not an object");
  Credentials found{.user = text_of(json, "Username"), .password = text_of(json, "Secret")};
  if (found.user == "<token>") found = {.identity_token = found.password};
  return found;
}

}  // namespace

CredentialEntry find_credentials(std::string_view config_json, const std::string& registry) {
  const auto config = base::parse_json(config_json, "config.json");
  if (!config.is_object()) fail("must be an object");
  CredentialEntry entry{.server = registry == k_hub ? std::string{k_hub_key} : registry};
  if (const Json* helpers = object_member(config, "credHelpers");
      helpers != nullptr && helpers->is_object()) {
    for (const auto& [key, value] : helpers->items())
      if (registry_of_key(key) == registry && value.is_string())
        entry.helper = checked_helper(value.get<std::string>());
  }
  if (const Json* auths = object_member(config, "auths"); auths != nullptr && auths->is_object()) {
    for (const auto& [key, value] : auths->items())
      if (registry_of_key(key) == registry) entry.credentials = read_entry(value, key);
  }
  const auto store = text_of(config, "credsStore");
  if (entry.helper.empty() && entry.credentials.empty() && !store.empty())
    entry.helper = checked_helper(store);
  return entry;
}

Credentials load_credentials(const HostPath& directory, const std::string& registry) {
  const auto file = directory / "config.json";
  const auto text = base::read_file_if_exists(file);
  if (!text) return {};
  const auto entry = base::with_context(base::text("read '{}'", file.str()),
                                        [&] { return find_credentials(*text, registry); });
  if (entry.helper.empty()) return entry.credentials;
  return base::with_context(base::text("ask 'docker-credential-{}' for '{}'", entry.helper, entry.server),
                            [&] { return ask_helper(entry.helper, entry.server); });
}

}  // namespace compose::images
