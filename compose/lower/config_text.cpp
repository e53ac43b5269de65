#include "base/digest.hpp"
#include "base/json.hpp"
#include "compose/lower/service_lowering.hpp"

namespace compose::lower {

using base::Json;

namespace {

Json environment_of(const rt::ProcessSpec& process) {
  Json json = Json::object();
  for (const std::string& variable : process.environment) {
    const auto equals = variable.find('=');
    json[variable.substr(0, equals)] = equals == std::string::npos ? "" : variable.substr(equals + 1);
  }
  return json;
}

// A content is not shown: it may be a secret.
Json mounts_of(const sched::DesiredService& service) {
  Json json = Json::object();
  for (const rt::Mount& mount : service.spec.mounts) {
    std::visit(
        [&](auto copy) {
          if constexpr (requires { copy.content; }) copy.content = base::sha256_hex(copy.content);
          json[copy.target.str()] = base::to_json(copy);
        },
        mount);
  }
  for (const sched::VolumeUse& use : service.volumes)
    json[use.target] = {{"volume", use.volume},
                        {"read_only", use.read_only},
                        {"copy_up", use.copy_up},
                        {"subpath", use.subpath}};
  return json;
}

Json ports_of(const sched::DesiredService& service) {
  Json json = Json::array();
  for (const sched::PortRequest& p : service.ports)
    json.push_back(base::text("{}:{}-{}:{}/{}", p.host_address, p.published_first, p.published_last, p.target,
                              p.protocol));
  return json;
}

Json process_of(rt::ProcessSpec process) {
  process.argv.clear();
  process.environment.clear();
  return base::to_json(process);
}

}  // namespace

std::string config_text(const sched::DesiredService& service) {
  const rt::ContainerSpec& spec = service.spec;
  Json json{{"image", service.image},
            {"command", spec.process.argv},
            {"environment", environment_of(spec.process)},
            {"process", process_of(spec.process)},
            {"volumes", mounts_of(service)},
            {"ports", ports_of(service)},
            {"networks", Json::object()},
            {"labels", service.labels},
            {"hostname", spec.hostname},
            {"domainname", spec.domainname},
            {"read_only", spec.rootfs.read_only},
            {"security", base::to_json(spec.security)},
            {"resources", base::to_json(spec.resources)},
            {"restart", base::to_json(spec.restart)},
            {"healthcheck", spec.health ? base::to_json(*spec.health) : Json{}},
            {"logging", base::to_json(spec.log)},
            {"stop_signal", spec.stop_signal},
            {"stop_grace_period", spec.stop_grace},
            {"dns", base::to_json(spec.dns)}};
  for (const net::AttachmentSpec& a : service.attachments) json["networks"][a.network] = base::to_json(a);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace compose::lower
