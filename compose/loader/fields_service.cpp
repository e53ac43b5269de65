// The keys of a service and of the objects in it. The order is that of `compose config`.
#include <array>

#include "compose/loader/codec.hpp"
#include "compose/loader/codec_words.hpp"

namespace compose::loader {

namespace {

using namespace model;
using enum Support;

constexpr std::string_view k_windows = "an attribute of Windows containers";
constexpr std::string_view k_cgroup_v1 = "the kernel has it with cgroup v1 only";
constexpr std::string_view k_accelerators = "accelerators are not handed to containers";
constexpr std::string_view k_ai_models = "no model runner belongs to this program";

constexpr auto k_cgroup_words = std::to_array<std::string_view>({"host", "private"});
constexpr auto k_watch_actions =
    std::to_array<std::string_view>({"rebuild", "sync", "restart", "sync+restart", "sync+exec"});

constexpr auto k_service_rows = std::to_array<Row>({
    row<&Service::profiles, UniqueTextList>("profiles", loader),
    row<&Service::annotations>("annotations", ignored, "no other program reads annotations here"),
    row<&Service::attach>("attach"),
    row<&Service::build>("build"),
    row<&Service::develop, NullableObject<Develop>>("develop", ignored, "files are not watched"),
    row<&Service::blkio_config>("blkio_config"),
    row<&Service::cap_add, WordList<complain::capability>>("cap_add"),
    row<&Service::cap_drop, WordList<complain::capability>>("cap_drop"),
    row<&Service::cgroup_parent>("cgroup_parent"),
    row<&Service::cgroup, OneOf<k_cgroup_words>>("cgroup"),
    row<&Service::cpu_count>("cpu_count", ignored, k_windows),
    row<&Service::cpu_percent, Percent>("cpu_percent", ignored, k_windows),
    row<&Service::cpu_period>("cpu_period"),
    row<&Service::cpu_quota>("cpu_quota"),
    row<&Service::cpu_rt_period>("cpu_rt_period", ignored, k_cgroup_v1),
    row<&Service::cpu_rt_runtime>("cpu_rt_runtime", ignored, k_cgroup_v1),
    row<&Service::cpus>("cpus"),
    row<&Service::cpuset, Word<complain::cpu_set>>("cpuset"),
    row<&Service::cpu_shares>("cpu_shares"),
    row<&Service::command, ServiceCommand>("command"),
    row<&Service::configs>("configs"),
    row<&Service::container_name, ContainerName>("container_name"),
    row<&Service::credential_spec>("credential_spec", ignored, k_windows),
    row<&Service::depends_on>("depends_on"),
    row<&Service::deploy, NullableObject<Deploy>>("deploy"),
    row<&Service::device_cgroup_rules, WordList<complain::device_rule>>("device_cgroup_rules"),
    row<&Service::devices>("devices"),
    row<&Service::dns, WordList<complain::address, NonEmptyTextList>>("dns"),
    row<&Service::dns_opt, UniqueTextList>("dns_opt"),
    row<&Service::dns_search, UniqueTextList>("dns_search"),
    row<&Service::domainname>("domainname"),
    row<&Service::entrypoint, ServiceCommand>("entrypoint"),
    row<&Service::provider>("provider"),
    row<&Service::environment>("environment"),
    row<&Service::env_file>("env_file", loader),
    row<&Service::expose, WordList<complain::exposed_port, TextOrNumberList>>(
        "expose", loader, "containers of one network reach every port"),
    row<&Service::extends>("extends", loader),
    row<&Service::external_links, UniqueTextList>("external_links", ignored,
                                                  "join the network of the other container instead"),
    row<&Service::extra_hosts>("extra_hosts"),
    row<&Service::group_add, UniqueTextOrNumberList>("group_add"),
    row<&Service::gpus>("gpus", ignored, k_accelerators),
    row<&Service::hostname>("hostname"),
    row<&Service::healthcheck>("healthcheck"),
    row<&Service::image>("image"),
    row<&Service::init>("init"),
    row<&Service::ipc, Word<complain::ipc_mode>>("ipc"),
    row<&Service::isolation>("isolation", ignored, k_windows),
    row<&Service::labels>("labels"),
    row<&Service::label_file>("label_file", loader),
    row<&Service::links, UniqueTextList>("links"),
    row<&Service::logging>("logging"),
    row<&Service::mem_limit, MemoryLimit>("mem_limit"),
    row<&Service::mem_reservation, ByteSize>("mem_reservation"),
    row<&Service::memswap_limit, ByteSize>("memswap_limit"),
    row<&Service::mem_swappiness, ByteSize>("mem_swappiness", honoured, k_cgroup_v1),
    row<&Service::mac_address, Word<complain::mac_address>>("mac_address"),
    row<&Service::models>("models", ignored, k_ai_models),
    row<&Service::network_mode, Word<complain::network_mode>>("network_mode"),
    row<&Service::networks>("networks"),
    row<&Service::oom_kill_disable>("oom_kill_disable", honoured, k_cgroup_v1),
    row<&Service::oom_score_adj>("oom_score_adj"),
    row<&Service::pid, Word<complain::namespace_mode, TextOrNull>>("pid"),
    row<&Service::pids_limit>("pids_limit"),
    row<&Service::platform, Word<complain::platform>>("platform"),
    row<&Service::ports>("ports"),
    row<&Service::privileged>("privileged"),
    row<&Service::pull_policy, PullPolicy>("pull_policy"),
    row<&Service::pull_refresh_after>("pull_refresh_after", ignored, "use pull_policy: every_<N>h"),
    row<&Service::read_only>("read_only"),
    row<&Service::restart, Word<complain::restart>>("restart"),
    row<&Service::runtime>("runtime", ignored, "there is one runtime, the built-in one"),
    row<&Service::scale, ShownInteger>("scale"),
    row<&Service::secrets>("secrets"),
    row<&Service::security_opt, WordList<complain::security_option>>("security_opt"),
    row<&Service::shm_size, ByteSize>("shm_size"),
    row<&Service::stdin_open>("stdin_open"),
    row<&Service::stop_grace_period>("stop_grace_period"),
    row<&Service::stop_signal, Word<complain::signal>>("stop_signal"),
    row<&Service::storage_opt, KeyValues>("storage_opt", ignored,
                                          "the writable layer is a directory of the host"),
    row<&Service::sysctls, KernelParameters>("sysctls"),
    row<&Service::tmpfs, WordList<complain::tmpfs>>("tmpfs"),
    row<&Service::tty>("tty"),
    row<&Service::ulimits>("ulimits"),
    row<&Service::use_api_socket, StrictFlag>("use_api_socket", ignored,
                                              "there is no engine and no engine socket"),
    row<&Service::user>("user"),
    row<&Service::userns_mode>("userns_mode"),
    row<&Service::uts, Word<complain::namespace_mode>>("uts"),
    row<&Service::volumes>("volumes"),
    row<&Service::volumes_from, UniqueTextList>("volumes_from"),
    row<&Service::working_dir>("working_dir"),
    row<&Service::pre_start>("pre_start", ignored,
                             "nothing runs before the start; `up` refuses such a service"),
    row<&Service::post_start>("post_start"),
    row<&Service::pre_stop>("pre_stop"),
});

constexpr auto k_hook_rows = std::to_array<Row>({
    row<&Hook::command>("command"),
    row<&Hook::image>("image"),
    row<&Hook::user>("user"),
    row<&Hook::privileged>("privileged"),
    row<&Hook::working_dir>("working_dir"),
    row<&Hook::environment>("environment"),
    row<&Hook::per_replica>("per_replica"),
});

constexpr auto k_watch_rows = std::to_array<Row>({
    row<&WatchRule::path>("path"),
    row<&WatchRule::action, OneOf<k_watch_actions>>("action"),
    row<&WatchRule::target>("target"),
    row<&WatchRule::exec, WatchExec>("exec"),
    row<&WatchRule::include>("include"),
    row<&WatchRule::ignore>("ignore"),
    row<&WatchRule::initial_sync, StrictFlag>("initial_sync"),
});
constexpr auto k_watch_required = std::to_array<std::string_view>({"path", "action"});

constexpr auto k_develop_rows = std::to_array<Row>({row<&Develop::watch>("watch")});

constexpr std::string_view k_no_throttle = "bandwidth caps of single devices are not set";
constexpr auto k_blkio_rows = std::to_array<Row>({
    row<&BlkioConfig::weight>("weight"),
    row<&BlkioConfig::weight_device>("weight_device", ignored, k_no_throttle),
    row<&BlkioConfig::device_read_bps>("device_read_bps", ignored, k_no_throttle),
    row<&BlkioConfig::device_read_iops>("device_read_iops", ignored, k_no_throttle),
    row<&BlkioConfig::device_write_bps>("device_write_bps", ignored, k_no_throttle),
    row<&BlkioConfig::device_write_iops>("device_write_iops", ignored, k_no_throttle),
});
constexpr auto k_weight_rows = std::to_array<Row>({
    row<&WeightDevice::path>("path"),
    row<&WeightDevice::weight>("weight"),
});
constexpr auto k_throttle_rows = std::to_array<Row>({
    row<&ThrottleDevice::path>("path"),
    row<&ThrottleDevice::rate, ByteSize>("rate"),
});

constexpr auto k_credential_rows = std::to_array<Row>({
    row<&CredentialSpec::config>("config"),
    row<&CredentialSpec::file>("file"),
    row<&CredentialSpec::registry>("registry"),
});

constexpr auto k_dependency_rows = std::to_array<Row>({
    row<&Dependency::condition>("condition"),
    row<&Dependency::restart>("restart"),
    row<&Dependency::required, TrueFlag>("required"),
});
constexpr auto k_dependency_required = std::to_array<std::string_view>({"condition"});

constexpr auto k_device_rows = std::to_array<Row>({
    row<&DeviceMapping::source>("source"),
    row<&DeviceMapping::target>("target"),
    row<&DeviceMapping::permissions, Word<complain::device_access>>("permissions"),
});
constexpr auto k_device_required = std::to_array<std::string_view>({"source"});

constexpr auto k_provider_rows = std::to_array<Row>({
    row<&Provider::type>("type"),
    row<&Provider::options, ProviderOptions>("options"),
});
constexpr auto k_provider_required = std::to_array<std::string_view>({"type"});

constexpr auto k_env_file_rows = std::to_array<Row>({
    row<&EnvFile::path>("path", loader),
    row<&EnvFile::required, TrueFlag>("required", loader),
    row<&EnvFile::format>("format", loader),
});
constexpr auto k_env_file_required = std::to_array<std::string_view>({"path"});

constexpr auto k_extends_rows = std::to_array<Row>({
    row<&Extends::file>("file", loader),
    row<&Extends::service>("service", loader),
});
constexpr auto k_extends_required = std::to_array<std::string_view>({"service"});

constexpr auto k_healthcheck_rows = std::to_array<Row>({
    row<&Healthcheck::test, HealthTest>("test"),
    row<&Healthcheck::timeout>("timeout"),
    row<&Healthcheck::interval>("interval"),
    row<&Healthcheck::retries, Count>("retries"),
    row<&Healthcheck::start_period>("start_period"),
    row<&Healthcheck::start_interval>("start_interval"),
    row<&Healthcheck::disable>("disable"),
});

constexpr auto k_logging_rows = std::to_array<Row>({
    row<&Logging::driver>("driver"),
    row<&Logging::options>("options"),
});

constexpr auto k_binding_rows = std::to_array<Row>({
    row<&ModelBinding::endpoint_var>("endpoint_var"),
    row<&ModelBinding::model_var>("model_var"),
});

constexpr auto k_service_network_rows = std::to_array<Row>({
    row<&ServiceNetwork::aliases, UniqueTextList>("aliases"),
    row<&ServiceNetwork::driver_opts, TextMap>("driver_opts", ignored, "a bridge endpoint has no options"),
    row<&ServiceNetwork::gw_priority, PlainNumber>("gw_priority"),
    row<&ServiceNetwork::interface_name>("interface_name"),
    row<&ServiceNetwork::ipv4_address, Word<complain::ipv4_address>>("ipv4_address"),
    row<&ServiceNetwork::ipv6_address, Word<complain::ipv6_address>>("ipv6_address"),
    row<&ServiceNetwork::link_local_ips, WordList<complain::address>>("link_local_ips"),
    row<&ServiceNetwork::mac_address, Word<complain::mac_address>>("mac_address"),
    row<&ServiceNetwork::priority, PlainNumber>("priority"),
});

constexpr auto k_port_rows = std::to_array<Row>({
    row<&Port::name>("name", loader),
    row<&Port::mode>("mode", loader, "host and ingress are the same on one host"),
    row<&Port::host_ip>("host_ip"),
    row<&Port::target>("target"),
    row<&Port::published, Word<complain::published_port, TextOrInteger>>("published"),
    row<&Port::protocol, Word<complain::port_protocol>>("protocol"),
    row<&Port::app_protocol>("app_protocol", loader),
});

constexpr auto k_grant_rows = std::to_array<Row>({
    row<&FileGrant::source>("source"),
    row<&FileGrant::target>("target"),
    row<&FileGrant::uid>("uid"),
    row<&FileGrant::gid>("gid"),
    row<&FileGrant::mode>("mode"),
});

constexpr auto k_request_rows = std::to_array<Row>({
    row<&DeviceRequest::capabilities, UniqueTextList>("capabilities"),
    row<&DeviceRequest::driver>("driver"),
    row<&DeviceRequest::count, DeviceCount>("count"),
    row<&DeviceRequest::device_ids, TextList>("device_ids"),
    row<&DeviceRequest::options>("options"),
});

}  // namespace

template <>
const Table& table_of<Service>() {
  static constexpr Table table{"a service", k_service_rows, extensions_of<Service>};
  return table;
}
template <>
const Table& table_of<Hook>() {
  static constexpr Table table{"a hook", k_hook_rows, extensions_of<Hook>};
  return table;
}
template <>
const Table& table_of<WatchRule>() {
  static constexpr Table table{"a watch rule", k_watch_rows, extensions_of<WatchRule>, k_watch_required};
  return table;
}
template <>
const Table& table_of<Develop>() {
  static constexpr Table table{"develop", k_develop_rows, extensions_of<Develop>};
  return table;
}
template <>
const Table& table_of<BlkioConfig>() {
  static constexpr Table table{"blkio_config", k_blkio_rows, nullptr};
  return table;
}
template <>
const Table& table_of<WeightDevice>() {
  static constexpr Table table{"a device weight", k_weight_rows, nullptr};
  return table;
}
template <>
const Table& table_of<ThrottleDevice>() {
  static constexpr Table table{"a device limit", k_throttle_rows, nullptr};
  return table;
}
template <>
const Table& table_of<CredentialSpec>() {
  static constexpr Table table{"credential_spec", k_credential_rows, extensions_of<CredentialSpec>};
  return table;
}
template <>
const Table& table_of<Dependency>() {
  static constexpr Table table{"a dependency", k_dependency_rows, extensions_of<Dependency>,
                               k_dependency_required};
  return table;
}
template <>
const Table& table_of<DeviceMapping>() {
  static constexpr Table table{"a device", k_device_rows, extensions_of<DeviceMapping>, k_device_required};
  return table;
}
template <>
const Table& table_of<Provider>() {
  static constexpr Table table{"provider", k_provider_rows, extensions_of<Provider>, k_provider_required};
  return table;
}
template <>
const Table& table_of<EnvFile>() {
  static constexpr Table table{"an env file", k_env_file_rows, nullptr, k_env_file_required};
  return table;
}
template <>
const Table& table_of<Extends>() {
  static constexpr Table table{"extends", k_extends_rows, nullptr, k_extends_required};
  return table;
}
template <>
const Table& table_of<Healthcheck>() {
  static constexpr Table table{"healthcheck", k_healthcheck_rows, extensions_of<Healthcheck>};
  return table;
}
template <>
const Table& table_of<Logging>() {
  static constexpr Table table{"logging", k_logging_rows, extensions_of<Logging>};
  return table;
}
template <>
const Table& table_of<ModelBinding>() {
  static constexpr Table table{"a model binding", k_binding_rows, extensions_of<ModelBinding>};
  return table;
}
template <>
const Table& table_of<ServiceNetwork>() {
  static constexpr Table table{"a network of a service", k_service_network_rows,
                               extensions_of<ServiceNetwork>};
  return table;
}
template <>
const Table& table_of<Port>() {
  static constexpr Table table{"a port", k_port_rows, extensions_of<Port>};
  return table;
}
template <>
const Table& table_of<FileGrant>() {
  static constexpr Table table{"a grant", k_grant_rows, extensions_of<FileGrant>};
  return table;
}
template <>
const Table& table_of<DeviceRequest>() {
  static constexpr Table table{"a device request", k_request_rows, extensions_of<DeviceRequest>};
  return table;
}

}  // namespace compose::loader
