// Phase: env_file and label_file of the services that are left. The service's own environment and labels win.
#include "base/sys.hpp"
#include "compose/loader/env_file.hpp"
#include "compose/loader/read_project.hpp"

namespace compose::loader {

namespace {

class ServiceFiles {
 public:
  ServiceFiles(LoadState& state, const Node& tree, const model::Project& project)
      : state_(state), tree_(tree), project_(project) {}

  void read(model::Service& service) {
    if (!service.env_file.empty()) read_environment(service);
    if (!service.label_file.empty()) read_labels(service);
  }

 private:
  void read_environment(model::Service& service) {
    model::Environment merged;
    for (std::size_t i = 0; i < service.env_file.size(); ++i) {
      const auto& file = service.env_file[i];
      const auto mark = [&] {
        return mark_of(tree_, {"services", service.name, "env_file", std::to_string(i)});
      };
      if (!file.format.empty() && file.format != "raw") {
        state_.diagnostics.error(mark(), base::text("unsupported env_file format \"{}\"", file.format));
        continue;
      }
      const auto source = source_of(file.path, file.required, "env file", mark);
      if (source == 0) continue;
      const EnvFileReader reader{.lookup = [&](std::string_view name) { return known(name, service); },
                                 .fallback = [&](std::string_view name) { return earlier(name, merged); },
                                 .raw = file.format == "raw"};
      for (const auto& [key, value] : parse_env_file(state_.sources, source, reader, state_.diagnostics))
        merged[key] = value;
    }
    for (auto& [key, value] : service.environment) merged.insert_or_assign(key, std::move(value));
    service.environment = std::move(merged);
    service.env_file.clear();
  }

  void read_labels(model::Service& service) {
    model::StringMap merged;
    for (std::size_t i = 0; i < service.label_file.size(); ++i) {
      const auto mark = [&] {
        return mark_of(tree_, {"services", service.name, "label_file", std::to_string(i)});
      };
      const auto source = source_of(service.label_file[i], true, "label file", mark);
      if (source == 0) continue;
      const EnvFileReader reader{.lookup = [](std::string_view) { return std::nullopt; }};
      for (const auto& [key, value] : parse_env_file(state_.sources, source, reader, state_.diagnostics))
        merged[key] = value;
    }
    for (auto& [key, value] : service.labels) merged.insert_or_assign(key, value);
    service.labels = std::move(merged);
    service.label_file.clear();
  }

  // 0: there is no such file.
  template <class MarkOf>
  std::uint32_t source_of(const std::string& path, bool required, std::string_view what, const MarkOf& mark) {
    if (const auto found = sources_.find(path); found != sources_.end()) return found->second;
    if (!base::sys::stat_if_exists(base::HostPath{path})) {
      if (required)
        state_.diagnostics.error(
            mark(), base::text("{} {} not found: stat {}: no such file or directory", what, path, path));
      return 0;
    }
    try {
      return sources_[path] = add_file(state_, path);
    } catch (const base::Error& e) {
      state_.diagnostics.error(mark(), base::text("{}: {}", what, e.what()));
      return 0;
    }
  }

  // The project's environment, then the service's own.
  [[nodiscard]] std::optional<std::string> known(std::string_view name, const model::Service& service) const {
    const std::string key{name};
    if (const auto found = project_.environment.find(key); found != project_.environment.end())
      return found->second;
    if (const auto found = service.environment.find(key); found != service.environment.end() && found->second)
      return found->second;
    return std::nullopt;
  }

  static std::optional<std::string> earlier(std::string_view name, const model::Environment& merged) {
    const auto found = merged.find(std::string{name});
    return found == merged.end() ? std::nullopt : found->second;
  }

  LoadState& state_;
  const Node& tree_;
  const model::Project& project_;
  std::map<std::string, std::uint32_t> sources_;
};

}  // namespace

void read_service_files(LoadState& state, const Node& tree, model::Project& project) {
  ServiceFiles files(state, tree, project);
  for (auto& [name, service] : project.services) files.read(service);
}

}  // namespace compose::loader
