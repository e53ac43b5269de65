// The OCI image configuration document (image-spec/config.md) and its canonical writing.
#include "base/error.hpp"
#include "base/json.hpp"
#include "images/image.hpp"
#include "images/reference.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::Json;
using base::put_if_any;

// The member, or nullptr where it is absent or null: writers use both for "none".
const Json* member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

[[noreturn]] void refuse(const std::string& path, const char* wanted) {
  fail("{}: must be {}", path, wanted);
}

template <class T>
void read(const Json& object, const char* name, T& into) {
  if (const Json* found = member(object, name)) base::from_json(*found, into, name);
}

// {"80/tcp": {}} or, from some builders, ["80/tcp"].
void read_set(const Json& object, const char* name, std::vector<std::string>& into) {
  const Json* found = member(object, name);
  if (found == nullptr) return;
  if (found->is_array()) return base::from_json(*found, into, name);
  if (!found->is_object()) refuse(name, "an object");
  for (const auto& [key, value] : found->items()) into.push_back(key);
}

HealthConfig read_health(const Json& json) {
  HealthConfig health;
  read(json, "Test", health.test);
  read(json, "Interval", health.interval);
  read(json, "Timeout", health.timeout);
  read(json, "StartPeriod", health.start_period);
  read(json, "StartInterval", health.start_interval);
  read(json, "Retries", health.retries);
  return health;
}

// A shell string is accepted where a list belongs: old builders wrote it.
void read_command(const Json& object, const char* name, std::vector<std::string>& into) {
  const Json* found = member(object, name);
  if (found == nullptr) return;
  if (found->is_string()) {
    into = {"/bin/sh", "-c", found->get<std::string>()};
    return;
  }
  base::from_json(*found, into, name);
}

ImageConfig read_config(const Json& json) {
  if (!json.is_object()) refuse("config", "an object");
  ImageConfig config;
  read(json, "Env", config.environment);
  read_command(json, "Entrypoint", config.entrypoint);
  read_command(json, "Cmd", config.command);
  read(json, "User", config.user);
  read(json, "WorkingDir", config.directory);
  read(json, "Labels", config.labels);
  read_set(json, "Volumes", config.volumes);
  read_set(json, "ExposedPorts", config.exposed_ports);
  read(json, "StopSignal", config.stop_signal);
  if (const Json* health = member(json, "Healthcheck")) config.health = read_health(*health);
  read(json, "Shell", config.shell);
  read(json, "OnBuild", config.on_build);
  return config;
}

std::vector<std::string> read_diff_ids(const Json& document) {
  const Json* rootfs = member(document, "rootfs");
  if (rootfs == nullptr || !rootfs->is_object()) refuse("rootfs", "an object");
  std::vector<std::string> diff_ids;
  read(*rootfs, "diff_ids", diff_ids);
  if (diff_ids.size() > k_most_image_layers)
    fail("{} layers are more than the {} that a container can have", diff_ids.size(), k_most_image_layers);
  for (const auto& id : diff_ids)
    if (!is_digest(id)) fail("rootfs.diff_ids: '{}' is not sha256 and 64 hex digits", id);
  return diff_ids;
}

std::vector<HistoryEntry> read_history(const Json& document) {
  std::vector<HistoryEntry> history;
  const Json* found = member(document, "history");
  if (found == nullptr) return history;
  if (!found->is_array()) refuse("history", "an array");
  for (const auto& json : *found) {
    if (!json.is_object()) refuse("history", "an array of objects");
    auto& entry = history.emplace_back();
    read(json, "created", entry.created);
    read(json, "created_by", entry.created_by);
    read(json, "comment", entry.comment);
    read(json, "empty_layer", entry.empty_layer);
  }
  return history;
}

ImageDocument read_document(const Json& json) {
  if (!json.is_object()) refuse("document", "an object");
  if (json.contains("manifests") || json.contains("layers")) fail("it is a manifest, not an image config");
  ImageDocument document;
  if (const Json* config = member(json, "config")) document.config = read_config(*config);
  read(json, "created", document.created);
  read(json, "author", document.author);
  read(json, "architecture", document.architecture);
  read(json, "os", document.os);
  read(json, "variant", document.variant);
  document.diff_ids = read_diff_ids(json);
  document.history = read_history(json);
  return document;
}

// ---- writing ----

Json set_of(const std::vector<std::string>& names) {
  Json object = Json::object();
  for (const auto& name : names) object[name] = Json::object();
  return object;
}

Json health_json(const HealthConfig& health) {
  Json json = Json::object();
  put_if_any(json, "Test", health.test);
  put_if_any(json, "Interval", health.interval);
  put_if_any(json, "Timeout", health.timeout);
  put_if_any(json, "StartPeriod", health.start_period);
  put_if_any(json, "StartInterval", health.start_interval);
  put_if_any(json, "Retries", health.retries);
  return json;
}

Json config_object(const ImageConfig& config) {
  Json json = Json::object();
  put_if_any(json, "User", config.user);
  put_if_any(json, "ExposedPorts", set_of(config.exposed_ports));
  put_if_any(json, "Env", config.environment);
  put_if_any(json, "Entrypoint", config.entrypoint);
  put_if_any(json, "Cmd", config.command);
  put_if_any(json, "Volumes", set_of(config.volumes));
  put_if_any(json, "WorkingDir", config.directory);
  put_if_any(json, "Labels", config.labels);
  put_if_any(json, "StopSignal", config.stop_signal);
  if (config.health) json["Healthcheck"] = health_json(*config.health);
  put_if_any(json, "Shell", config.shell);
  put_if_any(json, "OnBuild", config.on_build);
  return json;
}

Json history_json(const std::vector<HistoryEntry>& history) {
  Json array = Json::array();
  for (const auto& entry : history) {
    Json json = Json::object();
    put_if_any(json, "created", entry.created);
    put_if_any(json, "created_by", entry.created_by);
    put_if_any(json, "comment", entry.comment);
    put_if_any(json, "empty_layer", entry.empty_layer);
    array.push_back(std::move(json));
  }
  return array;
}

}  // namespace

ImageDocument parse_image_document(std::string_view json) {
  if (json.size() > k_max_document) fail("read image config: it is larger than {} bytes", k_max_document);
  const Json document = base::parse_json(json, "image config");
  return base::with_context("read image config", [&] { return read_document(document); });
}

std::string format_image_document(const ImageDocument& document) {
  Json json = Json::object();
  put_if_any(json, "created", document.created);
  put_if_any(json, "author", document.author);
  json["architecture"] = document.architecture;
  put_if_any(json, "variant", document.variant);
  json["os"] = document.os;
  json["config"] = config_object(document.config);
  json["rootfs"] = Json{{"type", "layers"}, {"diff_ids", document.diff_ids}};
  json["history"] = history_json(document.history);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace compose::images
