// Phase: rules inside one service or one resource; they hold for services that no profile enables, too.

#include "compose/loader/read_project.hpp"
#include "compose/loader/short_syntax.hpp"

namespace compose::loader {

namespace {

class ShapeCheck {
 public:
  ShapeCheck(const Node& tree, Diagnostics& diagnostics) : tree_(tree), diagnostics_(diagnostics) {}

  void service(const model::Service& service) {
    ports(service);
    mounts(service);
    numbers(service);
    requests(service, service.gpus, {"gpus"});
    if (service.deploy && service.deploy->resources.reservations)
      requests(service, service.deploy->resources.reservations->devices,
               {"deploy", "resources", "reservations", "devices"});
    develop(service);
    hooks(service, service.post_start, "post_start");
    hooks(service, service.pre_stop, "pre_stop");
  }

  void volume(const std::string& key, const model::Volume& volume) {
    if (!volume.external) return;
    const auto conflict = [&](bool set, std::string_view attribute) {
      if (set)
        fail({"volumes", key, attribute},
             base::text("volumes.{}: conflicting parameters \"external\" and \"{}\" specified", key,
                        attribute));
    };
    conflict(!volume.driver.empty(), "driver");
    conflict(!volume.driver_opts.empty(), "driver_opts");
    conflict(!volume.labels.empty(), "labels");
  }

  void file_object(std::string_view section, const std::string& key, const model::FileObject& object) {
    if (object.external || !object.driver.empty()) return;
    const bool config = section == "configs";
    const auto choices = config ? "file|environment|content" : "file|environment";
    const int given =
        int{!object.file.empty()} + int{!object.environment.empty()} + int{object.content.has_value()};
    if (given > 1)
      fail({section, key}, base::text("{}.{}: {} attributes are mutually exclusive", section, key, choices));
    if (given == 0) fail({section, key}, base::text("{}.{}: one of {} must be set", section, key, choices));
  }

 private:
  void fail(std::initializer_list<std::string_view> path, std::string message) {
    if (diagnostics_.full()) return;
    const Mark mark = mark_of(tree_, path);
    if (!diagnostics_.has_problem_on_line(mark)) diagnostics_.error(mark, std::move(message));
  }

  void ports(const model::Service& service) {
    for (std::size_t i = 0; i < service.ports.size(); ++i) {
      const auto& port = service.ports[i];
      const auto index = std::to_string(i);
      const auto where = base::text("services.{}.ports[{}]", service.name, i);
      if (!port.host_ip.empty() && !is_ip_address(port.host_ip))
        fail({"services", service.name, "ports", index, "host_ip"},
             base::text("{}: invalid ip address: {}", where, port.host_ip));
      if (port.target == 0)
        fail({"services", service.name, "ports", index}, base::text("{} is missing a target port", where));
    }
  }

  void mounts(const model::Service& service) {
    for (std::size_t i = 0; i < service.volumes.size(); ++i) {
      const auto& mount = service.volumes[i];
      const auto index = std::to_string(i);
      const auto where = base::text("services.{}.volumes[{}]", service.name, i);
      if (mount.target.empty())
        fail({"services", service.name, "volumes", index}, where + " is missing a mount target");
      if (mount.tmpfs && mount.tmpfs->size.value_or(0) < 0)
        fail({"services", service.name, "volumes", index, "tmpfs", "size"},
             where + ".tmpfs.size: must not be negative");
    }
  }

  void range(const model::Service& service, std::string_view key, std::optional<double> value, double low,
             double high) {
    if (!value || (*value >= low && *value <= high)) return;
    fail({"services", service.name, key},
         high > 1e9 ? base::text("services.{}.{}: must be greater than or equal to {}", service.name, key,
                                 static_cast<std::int64_t>(low))
                    : base::text("services.{}.{}: must be between {} and {}", service.name, key,
                                 static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)));
  }

  static std::optional<double> real(std::optional<std::int64_t> value) {
    return value ? std::optional{static_cast<double>(*value)} : std::nullopt;
  }

  void numbers(const model::Service& service) {
    constexpr double unlimited = 1e18;
    range(service, "cpu_count", real(service.cpu_count), 0, unlimited);
    range(service, "cpus", service.cpus, 0, unlimited);
    range(service, "oom_score_adj", real(service.oom_score_adj), -1000, 1000);
    range(service, "scale", real(service.scale), 0, unlimited);
    if (service.deploy && service.deploy->replicas.value_or(0) < 0)
      fail({"services", service.name, "deploy", "replicas"},
           base::text("services.{}.deploy.replicas: must be greater than or equal to 0", service.name));
  }

  void requests(const model::Service& service, const std::vector<model::DeviceRequest>& requests,
                std::vector<std::string> path) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (diagnostics_.full()) return;
      const auto where = base::text("services.{}.{}[{}]", service.name, base::join(path, "."), i);
      const auto mark = mark_of(tree_, {"services", service.name, path.front()});
      if (requests[i].count.has_value() && !requests[i].device_ids.empty())
        diagnostics_.error(mark, where + ": \"count\" and \"device_ids\" attributes are exclusive");
      if (requests[i].capabilities.empty() && path.front() == "deploy")
        diagnostics_.error(mark, where + ": missing key 'capabilities'");
    }
  }

  void develop(const model::Service& service) {
    if (!service.develop) return;
    for (std::size_t i = 0; i < service.develop->watch.size(); ++i) {
      const auto& rule = service.develop->watch[i];
      const auto where = base::text("services.{}.develop.watch[{}]", service.name, i);
      const auto index = std::to_string(i);
      if (rule.path.empty())
        fail({"services", service.name, "develop", "watch", index}, where + ": path must not be blank");
      if (rule.exec && !rule.exec->command)
        fail({"services", service.name, "develop", "watch", index, "exec"},
             where + ".exec: missing key 'command'");
      if (rule.target.empty() && rule.action != "rebuild" && rule.action != "restart")
        fail({"services", service.name, "develop", "watch", index},
             where + ": target is required for non-rebuild actions");
    }
  }

  void hooks(const model::Service& service, const std::vector<model::Hook>& hooks, std::string_view key) {
    if (hooks.empty()) return;
    const Node* nodes = tree_.find_path({"services", service.name, key});
    for (std::size_t i = 0; i < hooks.size() && nodes && i < nodes->items.size(); ++i) {
      if (nodes->items[i].is(Kind::mapping) && !nodes->items[i].find("command"))
        fail({"services", service.name, key, std::to_string(i)},
             base::text("services.{}.{}[{}]: missing key 'command'", service.name, key, i));
    }
  }

  const Node& tree_;
  Diagnostics& diagnostics_;
};

}  // namespace

void check_shapes(const model::Project& project, const Node& tree, Diagnostics& diagnostics) {
  ShapeCheck check(tree, diagnostics);
  for (const auto& [name, service] : project.services) check.service(service);
  for (const auto& [key, volume] : project.volumes) check.volume(key, volume);
  for (const auto& [key, object] : project.configs) check.file_object("configs", key, object);
  for (const auto& [key, object] : project.secrets) check.file_object("secrets", key, object);
}

}  // namespace compose::loader
