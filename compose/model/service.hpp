#pragma once
// services.*: one service in canonical form, whatever short syntaxes the file used. The order of the members
// is the order of the keys in `compose config`.
#include "compose/model/build.hpp"
#include "compose/model/deploy.hpp"
#include "compose/model/mount.hpp"

namespace compose::model {

struct Hook {
  Command command;
  std::string image;  // pre_start only
  std::string user;
  bool privileged = false;
  std::string working_dir;
  Environment environment;
  bool per_replica = false;  // pre_start only
  Extensions extensions;
  bool operator==(const Hook&) const = default;
};

struct WatchRule {
  std::string path;
  std::string action;  // rebuild, sync, restart, sync+restart, sync+exec
  std::string target;
  std::optional<Hook> exec;
  Strings include;
  Strings ignore;
  bool initial_sync = false;
  Extensions extensions;
  bool operator==(const WatchRule&) const = default;
};

struct Develop {
  std::vector<WatchRule> watch;
  Extensions extensions;
  bool operator==(const Develop&) const = default;
};

struct WeightDevice {
  std::string path;
  std::int64_t weight = 0;
  bool operator==(const WeightDevice&) const = default;
};

struct ThrottleDevice {
  std::string path;
  Bytes rate = 0;  // bytes or operations per second
  bool operator==(const ThrottleDevice&) const = default;
};

struct BlkioConfig {
  std::optional<std::int64_t> weight;
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> device_read_bps;
  std::vector<ThrottleDevice> device_read_iops;
  std::vector<ThrottleDevice> device_write_bps;
  std::vector<ThrottleDevice> device_write_iops;
  bool operator==(const BlkioConfig&) const = default;
};

struct CredentialSpec {
  std::string config;
  std::string file;
  std::string registry;
  Extensions extensions;
  bool operator==(const CredentialSpec&) const = default;
};

enum class DependencyCondition : std::uint8_t { started, healthy, completed_successfully };

struct Dependency {
  DependencyCondition condition = DependencyCondition::started;
  bool restart = false;
  bool required = true;
  Extensions extensions;
  bool operator==(const Dependency&) const = default;
};

struct DeviceMapping {
  std::string source;
  std::string target;
  std::string permissions;
  Extensions extensions;
  bool operator==(const DeviceMapping&) const = default;
};

struct Provider {
  std::string type;
  std::map<std::string, Strings> options;
  Extensions extensions;
  bool operator==(const Provider&) const = default;
};

struct EnvFile {
  std::string path;
  bool required = true;
  std::string format;  // "" or "raw"
  bool operator==(const EnvFile&) const = default;
};

struct Extends {
  std::string file;
  std::string service;
  bool operator==(const Extends&) const = default;
};

struct Healthcheck {
  std::optional<Strings> test;  // starts with NONE, CMD or CMD-SHELL; nullopt: the image's
  std::optional<Duration> timeout;
  std::optional<Duration> interval;
  std::optional<std::int64_t> retries;
  std::optional<Duration> start_period;
  std::optional<Duration> start_interval;
  bool disable = false;
  Extensions extensions;
  bool operator==(const Healthcheck&) const = default;
};

struct Logging {
  std::string driver;
  StringMap options;
  Extensions extensions;
  bool operator==(const Logging&) const = default;
};

struct ModelBinding {
  std::string endpoint_var;
  std::string model_var;
  Extensions extensions;
  bool operator==(const ModelBinding&) const = default;
};

struct ServiceNetwork {
  Strings aliases;
  StringMap driver_opts;
  double gw_priority = 0;
  std::string interface_name;
  std::string ipv4_address;
  std::string ipv6_address;
  Strings link_local_ips;
  std::string mac_address;
  double priority = 0;
  Extensions extensions;
  bool operator==(const ServiceNetwork&) const = default;
};

struct Port {
  std::string name;
  std::string mode;     // "ingress", "host"
  std::string host_ip;  // empty: all addresses
  std::uint32_t target = 0;
  std::string published;  // empty: chosen at start; "8080"; "8000-8010": the first free one
  std::string protocol;   // "tcp", "udp", ...
  std::string app_protocol;
  Extensions extensions;
  bool operator==(const Port&) const = default;
};

struct Service {
  std::string name;
  Strings profiles;
  StringMap annotations;
  std::optional<bool> attach;
  std::optional<Build> build;
  std::optional<Develop> develop;
  std::optional<BlkioConfig> blkio_config;
  Strings cap_add;
  Strings cap_drop;
  std::string cgroup_parent;
  std::string cgroup;  // "", "host", "private"
  std::optional<std::int64_t> cpu_count;
  std::optional<double> cpu_percent;
  std::optional<std::int64_t> cpu_period;  // microseconds, like the next three
  std::optional<std::int64_t> cpu_quota;
  std::optional<std::int64_t> cpu_rt_period;
  std::optional<std::int64_t> cpu_rt_runtime;
  std::optional<double> cpus;  // cores
  std::string cpuset;
  std::optional<std::int64_t> cpu_shares;
  Command command;
  std::vector<FileGrant> configs;
  std::string container_name;
  std::optional<CredentialSpec> credential_spec;
  // With the implicit edges of links, volumes_from, shared namespaces.
  std::map<std::string, Dependency> depends_on;
  std::optional<Deploy> deploy;
  Strings device_cgroup_rules;
  std::vector<DeviceMapping> devices;
  Strings dns;
  Strings dns_opt;
  Strings dns_search;
  std::string domainname;
  Command entrypoint;
  std::optional<Provider> provider;
  Environment environment;  // env_file merged in, values looked up; an entry without value is not passed
  std::vector<EnvFile> env_file;
  Strings expose;
  std::optional<Extends> extends;
  Strings external_links;
  std::map<std::string, Strings> extra_hosts;
  Strings group_add;
  std::vector<DeviceRequest> gpus;
  std::string hostname;
  std::optional<Healthcheck> healthcheck;
  std::string image;
  std::optional<bool> init;
  std::string ipc;
  std::string isolation;
  StringMap labels;  // label_file merged in
  Strings label_file;
  Strings links;
  std::optional<Logging> logging;
  std::optional<Bytes> mem_limit;
  std::optional<Bytes> mem_reservation;
  std::optional<Bytes> memswap_limit;  // memory plus swap; -1: unlimited
  std::optional<std::int64_t> mem_swappiness;
  std::string mac_address;
  std::map<std::string, std::optional<ModelBinding>> models;
  std::string network_mode;
  std::map<std::string, std::optional<ServiceNetwork>> networks;  // empty: network_mode, or a provider
  bool oom_kill_disable = false;
  std::optional<std::int64_t> oom_score_adj;
  std::string pid;
  std::optional<std::int64_t> pids_limit;
  std::string platform;
  std::vector<Port> ports;
  bool privileged = false;
  std::string pull_policy;
  std::string pull_refresh_after;
  bool read_only = false;
  std::string restart;  // no, always, on-failure[:N], unless-stopped; empty: not said
  std::string runtime;
  std::optional<std::int64_t> scale;
  std::vector<FileGrant> secrets;
  Strings security_opt;
  std::optional<Bytes> shm_size;
  bool stdin_open = false;
  std::optional<Duration> stop_grace_period;
  std::string stop_signal;
  StringMap storage_opt;
  StringMap sysctls;
  Strings tmpfs;
  bool tty = false;
  Ulimits ulimits;
  bool use_api_socket = false;
  std::string user;
  std::string userns_mode;
  std::string uts;
  std::vector<Mount> volumes;
  Strings volumes_from;
  std::string working_dir;
  std::vector<Hook> pre_start;
  std::vector<Hook> post_start;
  std::vector<Hook> pre_stop;
  Extensions extensions;
  bool operator==(const Service&) const = default;

  // Containers wanted: scale, else deploy.replicas, else 1.
  [[nodiscard]] std::int64_t replicas() const {
    return scale.value_or(deploy && deploy->replicas ? *deploy->replicas : 1);
  }
};

}  // namespace compose::model
