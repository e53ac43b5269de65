// Phase: rules inside one service or one resource; they hold for services that no profile enables, too.

#include "compose/loader/codec_words.hpp"
#include "compose/loader/read_project.hpp"
#include "compose/loader/short_syntax.hpp"
#include "runtime-shim/spec/kernel_words.hpp"

namespace compose::loader {

namespace {

class ShapeCheck {
 public:
  ShapeCheck(const Node& tree, Diagnostics& diagnostics) : tree_(tree), diagnostics_(diagnostics) {}

  void service(const model::Service& service) {
    ports(service);
    mounts(service);
    numbers(service);
    memory(service);
    cpu_time(service);
    parameters(service);
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
      else if (mount.type != model::MountType::npipe && !mount.target.starts_with('/'))
        fail({"services", service.name, "volumes", index, "target"},
             base::text("{}.target: {}", where, complain::container_path(mount.target)));
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

  void wrong(const model::Service& service, std::string_view key, std::string_view why) {
    fail({"services", service.name, key}, base::text("services.{}.{}: {}", service.name, key, why));
  }

  void memory(const model::Service& service) {
    const auto limit = service.mem_limit.value_or(0);
    const auto with_swap = service.memswap_limit.value_or(0);
    const auto reserved = service.mem_reservation.value_or(0);
    const bool deployed = service.deploy && service.deploy->resources.limits &&
                          service.deploy->resources.limits->memory.value_or(0) > 0;
    if (with_swap > 0 && limit <= 0 && !deployed)
      wrong(service, "memswap_limit", "memory and swap together need a 'mem_limit'");
    if (with_swap > 0 && with_swap < limit)
      wrong(service, "memswap_limit",
            base::text("memory and swap together, {}, must not be below 'mem_limit', {}", with_swap, limit));
    if (limit > 0 && reserved > limit)
      wrong(service, "mem_reservation", base::text("{} is above 'mem_limit', {}", reserved, limit));
    if (service.mem_swappiness.value_or(0) > 100)
      wrong(service, "mem_swappiness", "must be between 0 and 100");
  }

  void cpu_time(const model::Service& service) {
    const auto period = service.cpu_period.value_or(0);
    const auto quota = service.cpu_quota.value_or(0);
    if (period != 0 && (period < 1000 || period > 1'000'000))
      wrong(service, "cpu_period", "must be between 1000 and 1000000 microseconds");
    if (quota > 0 && quota < 1000) wrong(service, "cpu_quota", "must be 1000 microseconds or more");
    if (service.cpus.value_or(0) > 0 && *service.cpus < 0.01) wrong(service, "cpus", "must be 0.01 or more");
    const auto* limits =
        service.deploy && service.deploy->resources.limits ? &*service.deploy->resources.limits : nullptr;
    if (limits && limits->cpus.value_or(0) > 0 && *limits->cpus < 0.01)
      fail({"services", service.name, "deploy", "resources", "limits", "cpus"},
           base::text("services.{}.deploy.resources.limits.cpus: must be 0.01 or more", service.name));
    if (service.cpus.value_or(0) > 0 && (period > 0 || quota > 0))
      wrong(service, "cpus", "cannot be combined with 'cpu_period' and 'cpu_quota'");
    const auto weight = service.blkio_config ? service.blkio_config->weight.value_or(0) : 0;
    if (weight != 0 && (weight < 10 || weight > 1000))
      fail({"services", service.name, "blkio_config", "weight"},
           base::text("services.{}.blkio_config.weight: must be between 10 and 1000", service.name));
  }

  // A namespace of the host's has the host's parameters.
  void parameters(const model::Service& service) {
    for (const auto& [key, value] : service.sysctls) {
      const auto home = rt::home_of_parameter(key);
      const std::string_view attribute = home == rt::ParameterHome::network && service.network_mode == "host"
                                             ? "network_mode"
                                         : home == rt::ParameterHome::ipc && service.ipc == "host" ? "ipc"
                                         : home == rt::ParameterHome::uts && service.uts == "host" ? "uts"
                                                                                                   : "";
      if (!attribute.empty())
        fail(
            {"services", service.name, "sysctls", key},
            base::text("services.{}.sysctls.{}: with '{}: host' this is a kernel parameter of the whole host",
                       service.name, key, attribute));
    }
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
