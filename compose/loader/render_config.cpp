#include "compose/loader/render_config.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "compose/loader/codec.hpp"
#include "compose/loader/fields.hpp"
#include "compose/loader/raw_model.hpp"
#include "compose/loader/render_value.hpp"

namespace compose::loader {

namespace {

using model::Value;

std::string image_of(const model::Project& project, const model::Service& service) {
  if (!service.image.empty()) return service.image;
  return base::text("{}{}{}", project.name, project.name_separator, service.name);
}

template <class Members>
void add_section(Value::Mapping& out, std::string_view key, const Writer& writer, const Table& table,
                 const Members& members) {
  if (members.empty()) return;
  Value::Mapping section;
  for (const auto& [name, member] : members) section.push_back({name, writer.write_record(table, &member)});
  out.push_back({std::string{key}, std::move(section)});
}

Value whole_model(const model::Project& project, const Writer& writer) {
  Value::Mapping all{{"name", project.name}};
  Value::Mapping services;
  for (const auto& [name, service] : project.services)
    services.push_back({name, writer.write_record(table_of<model::Service>(), &service)});
  all.push_back({"services", std::move(services)});
  add_section(all, "networks", writer, table_of<model::Network>(), project.networks);
  add_section(all, "volumes", writer, table_of<model::Volume>(), project.volumes);
  add_section(all, "secrets", writer, secret_table(), project.secrets);
  add_section(all, "configs", writer, config_table(), project.configs);
  add_section(all, "models", writer, table_of<model::AiModel>(), project.models);
  for (const auto& extension : project.extensions) all.push_back(extension);
  return all;
}

Value digests_only(const model::Project& project) {
  Value::Mapping services;
  for (const auto& [name, service] : project.services)
    if (!service.image.empty()) services.push_back({name, Value::Mapping{{"image", service.image}}});
  return Value::Mapping{{"services", std::move(services)}};
}

std::string to_text(Value value, ConfigFormat format) {
  if (format == ConfigFormat::yaml) return to_yaml(value);
  if (auto* top = std::get_if<Value::Mapping>(&value.data)) std::ranges::sort(*top, {}, &model::Member::key);
  return to_json_text(value);
}

template <class Members>
std::string keys_of(const Members& members) {
  std::string lines;
  for (const auto& [key, member] : members) (lines += key) += '\n';
  return lines;
}

std::string lines_of(const std::set<std::string>& lines) {
  std::string all;
  for (const auto& line : lines) (all += line) += '\n';
  return all;
}

void pad(std::string& text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
}

std::string table_of_variables(const std::vector<TemplateVariable>& variables) {
  std::vector<std::array<std::string, 4>> rows{{"NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"}};
  for (const auto& v : variables)
    rows.push_back({v.name, v.required ? "true" : "false", v.default_value, v.alternate_value});
  std::array<std::size_t, 4> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size() + 3);
  std::string text;
  for (auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      pad(row[i], i + 1 < row.size() ? std::max<std::size_t>(widths[i], 20) : 0);
      line += row[i];
    }
    (text += line) += '\n';
  }
  return text;
}

}  // namespace

std::string render_config(const model::Project& project, const ConfigOptions& options) {
  if (options.resolve_digest) {
    model::Project pinned = project;
    for (auto& [name, service] : pinned.services)
      if (!service.image.empty()) service.image = options.resolve_digest(service.image);
    return render_config(pinned,
                         {.format = options.format, .lock_image_digests = options.lock_image_digests});
  }
  const Writer writer(options.format == ConfigFormat::json);
  Value value = options.lock_image_digests ? digests_only(project) : whole_model(project, writer);
  escape_dollars(value);
  return to_text(std::move(value), options.format);
}

std::string render_uninterpolated(const LoadOptions& options, ConfigFormat format) {
  LoadOptions raw_options = options;
  raw_options.interpolate = false;
  auto raw = load_raw_model(raw_options);
  auto* top = std::get_if<Value::Mapping>(&raw.model.data);
  if (top) top->push_back({"name", raw.name});
  sort_keys(raw.model);
  return format == ConfigFormat::yaml ? to_yaml(raw.model) : to_json_text(raw.model);
}

std::string list_services(const model::Project& project) {
  return keys_of(project.services);
}
std::string list_volumes(const model::Project& project) {
  return keys_of(project.volumes);
}
std::string list_networks(const model::Project& project) {
  return keys_of(project.networks);
}

std::string list_models(const model::Project& project) {
  std::set<std::string> models;
  for (const auto& [key, model] : project.models) models.insert(model.model);
  return lines_of(models);
}

std::string list_images(const model::Project& project) {
  std::string lines;
  for (const auto& [name, service] : project.services) (lines += image_of(project, service)) += '\n';
  return lines;
}

std::string list_profiles(const model::Project& project) {
  std::set<std::string> profiles;
  for (const auto* services : {&project.services, &project.disabled_services})
    for (const auto& [name, service] : *services)
      profiles.insert(service.profiles.begin(), service.profiles.end());
  return lines_of(profiles);
}

std::string list_environment(const model::Project& project) {
  std::string lines;
  for (const auto& [key, value] : project.environment) lines += base::text("{}={}\n", key, value);
  return lines;
}

std::string list_variables(const LoadOptions& options, ConfigFormat format) {
  LoadOptions raw_options = options;
  raw_options.interpolate = false;
  auto raw = load_raw_model(raw_options);
  std::ranges::sort(raw.variables, {}, &TemplateVariable::name);
  if (format == ConfigFormat::yaml) return table_of_variables(raw.variables);
  Value::Mapping all;
  for (const auto& v : raw.variables) {
    all.push_back({v.name, Value::Mapping{{"Name", v.name},
                                          {"DefaultValue", v.default_value},
                                          {"PresenceValue", v.alternate_value},
                                          {"Required", v.required}}});
  }
  return to_json_text(all);
}

std::string list_hashes(const model::Project& project, const std::string& services) {
  std::string lines;
  if (services == "*") {
    for (const auto& [name, service] : project.services)
      lines += base::text("{} {}\n", name, service_config_hash(service));
    return lines;
  }
  std::string_view rest = services;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string name{rest.substr(0, comma)};
    const auto service = project.services.find(name);
    if (service == project.services.end()) throw base::Error("no such service: " + name);
    lines += base::text("{} {}\n", name, service_config_hash(service->second));
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return lines;
}

}  // namespace compose::loader
