#pragma once
// Everything a shim needs to run one container, and nothing about compose files. A value: copied, compared,
// stored as JSON in the state database, sent to the shim in wire form. Names follow the OCI runtime
// specification where it has one.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "base/id.hpp"
#include "base/path.hpp"
#include "base/record.hpp"

namespace compose::rt {

using base::ContainerPath;
using base::field;
using base::HostPath;

struct ContainerTag {};
using ContainerId = base::Id<ContainerTag>;  // 64 lowercase hex digits

// ---- process ----

struct Rlimit {
  std::string name;  // "nofile", without RLIMIT_
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;  // UINT64_MAX: unlimited
  static constexpr auto fields() {
    return std::tuple{field("name", &Rlimit::name), field("soft", &Rlimit::soft),
                      field("hard", &Rlimit::hard)};
  }
  bool operator==(const Rlimit&) const = default;
};

struct ProcessSpec {
  std::vector<std::string> argv;  // at least one
  // "KEY=value", complete but for HOME, HOSTNAME, TERM which the runtime adds.
  std::vector<std::string> environment;
  std::string directory = "/";
  std::string user;  // "", "name", "uid", "user:group"; resolved in the container's /etc/passwd
  std::vector<std::string> extra_groups;
  // Final bounding set, upper case with CAP_; permitted and effective equal it for root.
  std::vector<std::string> capabilities;
  std::vector<Rlimit> rlimits;
  std::optional<int> oom_score_adjustment;
  bool terminal = false;    // a pty as stdin, stdout and stderr
  bool stdin_open = false;  // stdin is a pipe that attach can write to; otherwise /dev/null
  bool no_new_privileges = false;
  bool init = false;  // a small init is PID 1, passes signals on and reaps
  static constexpr auto fields() {
    return std::tuple{field("argv", &ProcessSpec::argv),
                      field("environment", &ProcessSpec::environment),
                      field("directory", &ProcessSpec::directory),
                      field("user", &ProcessSpec::user),
                      field("extra_groups", &ProcessSpec::extra_groups),
                      field("capabilities", &ProcessSpec::capabilities),
                      field("rlimits", &ProcessSpec::rlimits),
                      field("oom_score_adjustment", &ProcessSpec::oom_score_adjustment),
                      field("terminal", &ProcessSpec::terminal),
                      field("stdin_open", &ProcessSpec::stdin_open),
                      field("no_new_privileges", &ProcessSpec::no_new_privileges),
                      field("init", &ProcessSpec::init)};
  }
  bool operator==(const ProcessSpec&) const = default;
};

// ---- file system ----

// An overlay. `lower` is top layer first; `upper` and `work` are directories of this container alone.
struct RootfsSpec {
  std::vector<HostPath> lower;
  HostPath upper;
  HostPath work;
  bool read_only = false;
  static constexpr auto fields() {
    return std::tuple{field("lower", &RootfsSpec::lower), field("upper", &RootfsSpec::upper),
                      field("work", &RootfsSpec::work), field("read_only", &RootfsSpec::read_only)};
  }
  bool operator==(const RootfsSpec&) const = default;
};

// A host directory or file seen in the container; named and anonymous volumes are this too (their data
// directory).
struct BindMount {
  HostPath source;
  ContainerPath target;
  bool read_only = false;      // recursively
  bool create_source = false;  // make the host directory when it is missing
  bool copy_up = false;  // an empty source is first filled from the image's content at `target` (volumes)
  bool recursive = true;
  std::string propagation = "rprivate";
  // Below the source, which strangers write: what is mounted. Resolved when it is mounted, with the source as
  // the root: a link in it leads nowhere else.
  std::string inside;
  static constexpr auto fields() {
    return std::tuple{
        field("source", &BindMount::source),           field("target", &BindMount::target),
        field("read_only", &BindMount::read_only),     field("create_source", &BindMount::create_source),
        field("copy_up", &BindMount::copy_up),         field("recursive", &BindMount::recursive),
        field("propagation", &BindMount::propagation), field("inside", &BindMount::inside)};
  }
  bool operator==(const BindMount&) const = default;
};

struct TmpfsMount {
  ContainerPath target;
  std::uint64_t size = 0;  // bytes; 0: the kernel's default
  std::uint32_t mode = 01777;
  std::vector<std::string> options;  // "noexec", "uid=1000", ... beyond nosuid,nodev,noexec
  bool read_only = false;
  static constexpr auto fields() {
    return std::tuple{field("target", &TmpfsMount::target), field("size", &TmpfsMount::size),
                      field("mode", &TmpfsMount::mode), field("options", &TmpfsMount::options),
                      field("read_only", &TmpfsMount::read_only)};
  }
  bool operator==(const TmpfsMount&) const = default;
};

// A small file with content of ours: configs, secrets, /etc/hosts. Written into the run directory and bound
// read-only.
struct FileMount {
  std::string content;
  ContainerPath target;
  std::uint32_t mode = 0444;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  bool read_only = true;
  static constexpr auto fields() {
    return std::tuple{field("content", &FileMount::content), field("target", &FileMount::target),
                      field("mode", &FileMount::mode),       field("uid", &FileMount::uid),
                      field("gid", &FileMount::gid),         field("read_only", &FileMount::read_only)};
  }
  bool operator==(const FileMount&) const = default;
};

using Mount = std::variant<BindMount, TmpfsMount, FileMount>;

struct DeviceSpec {
  HostPath source;
  ContainerPath target;
  std::string access = "rwm";
  static constexpr auto fields() {
    return std::tuple{field("source", &DeviceSpec::source), field("target", &DeviceSpec::target),
                      field("access", &DeviceSpec::access)};
  }
  bool operator==(const DeviceSpec&) const = default;
};

// ---- isolation ----

enum class NamespaceMode : std::uint8_t { private_, host, shared };

// `container`: whose namespace, when shared.
struct NamespaceSpec {
  NamespaceMode mode = NamespaceMode::private_;
  ContainerId container;
  static constexpr auto fields() {
    return std::tuple{field("mode", &NamespaceSpec::mode), field("container", &NamespaceSpec::container)};
  }
  bool operator==(const NamespaceSpec&) const = default;
};

enum class SeccompMode : std::uint8_t { default_profile, unconfined };

struct SecuritySpec {
  NamespaceSpec pid;
  NamespaceSpec ipc;
  NamespaceSpec uts;
  NamespaceSpec cgroup;
  NamespaceSpec network;  // private_: the namespace that the start request hands over
  SeccompMode seccomp = SeccompMode::default_profile;
  bool privileged = false;
  bool unconfined_paths = false;  // no masked and read-only /proc and /sys paths
  std::map<std::string, std::string> sysctls;
  std::vector<DeviceSpec> devices;
  std::vector<std::string> device_rules;  // "c 1:3 rwm"
  static constexpr auto fields() {
    return std::tuple{field("pid", &SecuritySpec::pid),
                      field("ipc", &SecuritySpec::ipc),
                      field("uts", &SecuritySpec::uts),
                      field("cgroup", &SecuritySpec::cgroup),
                      field("network", &SecuritySpec::network),
                      field("seccomp", &SecuritySpec::seccomp),
                      field("privileged", &SecuritySpec::privileged),
                      field("unconfined_paths", &SecuritySpec::unconfined_paths),
                      field("sysctls", &SecuritySpec::sysctls),
                      field("devices", &SecuritySpec::devices),
                      field("device_rules", &SecuritySpec::device_rules)};
  }
  bool operator==(const SecuritySpec&) const = default;
};

// With less a container may not get as far as its program.
inline constexpr std::int64_t k_least_memory = 6 << 20;

// Limits in the units of the compose spec; the cgroup room translates to v1 and v2. Unset: no limit.
struct ResourceSpec {
  std::optional<std::int64_t> memory;              // bytes
  std::optional<std::int64_t> memory_reservation;  // bytes
  std::optional<std::int64_t> memory_swap;         // bytes, memory + swap; -1 unlimited
  std::optional<std::int64_t> memory_swappiness;   // 0..100
  std::optional<std::int64_t> nano_cpus;           // 1e9 = one CPU
  std::optional<std::int64_t> cpu_shares;
  std::optional<std::int64_t> cpu_period;  // microseconds
  std::optional<std::int64_t> cpu_quota;   // microseconds
  std::optional<std::string> cpuset_cpus;
  std::optional<std::string> cpuset_mems;
  std::optional<std::int64_t> pids;             // -1 unlimited
  std::optional<std::int64_t> block_io_weight;  // 10..1000
  std::optional<std::int64_t> shm_size;         // bytes of /dev/shm; default 64 MiB
  bool oom_kill_disable = false;
  static constexpr auto fields() {
    return std::tuple{field("memory", &ResourceSpec::memory),
                      field("memory_reservation", &ResourceSpec::memory_reservation),
                      field("memory_swap", &ResourceSpec::memory_swap),
                      field("memory_swappiness", &ResourceSpec::memory_swappiness),
                      field("nano_cpus", &ResourceSpec::nano_cpus),
                      field("cpu_shares", &ResourceSpec::cpu_shares),
                      field("cpu_period", &ResourceSpec::cpu_period),
                      field("cpu_quota", &ResourceSpec::cpu_quota),
                      field("cpuset_cpus", &ResourceSpec::cpuset_cpus),
                      field("cpuset_mems", &ResourceSpec::cpuset_mems),
                      field("pids", &ResourceSpec::pids),
                      field("block_io_weight", &ResourceSpec::block_io_weight),
                      field("shm_size", &ResourceSpec::shm_size),
                      field("oom_kill_disable", &ResourceSpec::oom_kill_disable)};
  }
  bool operator==(const ResourceSpec&) const = default;
};

// ---- life ----

enum class RestartMode : std::uint8_t { no, always, on_failure, unless_stopped };

struct RestartPolicy {
  RestartMode mode = RestartMode::no;
  std::uint32_t max_retries = 0;  // on_failure only; 0: no limit
  static constexpr auto fields() {
    return std::tuple{field("mode", &RestartPolicy::mode), field("max_retries", &RestartPolicy::max_retries)};
  }
  bool operator==(const RestartPolicy&) const = default;
};

// Times in nanoseconds. `test` is argv; a CMD-SHELL test arrives as {"/bin/sh", "-c", text}.
struct HealthSpec {
  std::vector<std::string> test;
  std::int64_t interval = 30'000'000'000;
  std::int64_t timeout = 30'000'000'000;
  std::int64_t start_period = 0;
  std::int64_t start_interval = 5'000'000'000;
  std::uint32_t retries = 3;
  static constexpr auto fields() {
    return std::tuple{field("test", &HealthSpec::test),
                      field("interval", &HealthSpec::interval),
                      field("timeout", &HealthSpec::timeout),
                      field("start_period", &HealthSpec::start_period),
                      field("start_interval", &HealthSpec::start_interval),
                      field("retries", &HealthSpec::retries)};
  }
  bool operator==(const HealthSpec&) const = default;
};

// The container's output: CRI log lines ("<RFC3339Nano> stdout F text"), rotated at max_size, max_files kept.
struct LogSpec {
  bool enabled = true;  // false: driver "none"
  std::uint64_t max_size = 20U << 20U;
  std::uint32_t max_files = 5;
  static constexpr auto fields() {
    return std::tuple{field("enabled", &LogSpec::enabled), field("max_size", &LogSpec::max_size),
                      field("max_files", &LogSpec::max_files)};
  }
  bool operator==(const LogSpec&) const = default;
};

// ---- names ----

// One attachment to a network, as the shim needs it: which names table to publish in, under which names and
// addresses.
struct EndpointSpec {
  std::string network;                   // the network's name, "shop_default"
  HostPath names_table;                  // /run/compose/networks/<id>/names
  std::vector<std::string> group_names;  // service name and aliases: answered with all replicas
  std::vector<std::string> own_names;    // container name, short id, hostname
  std::string ipv4;                      // "172.20.0.3", without prefix length
  std::string ipv6;                      // empty: none
  bool internal = false;                 // no forwarding to the outside
  static constexpr auto fields() {
    return std::tuple{field("network", &EndpointSpec::network),
                      field("names_table", &EndpointSpec::names_table),
                      field("group_names", &EndpointSpec::group_names),
                      field("own_names", &EndpointSpec::own_names),
                      field("ipv4", &EndpointSpec::ipv4),
                      field("ipv6", &EndpointSpec::ipv6),
                      field("internal", &EndpointSpec::internal)};
  }
  bool operator==(const EndpointSpec&) const = default;
};

// How names are resolved inside. With `servers` empty, what no network knows goes to the host's resolvers.
struct DnsSpec {
  std::vector<std::string> servers;
  std::vector<std::string> search;
  std::vector<std::string> options;
  std::vector<std::pair<std::string, std::string>> extra_hosts;  // name, address
  static constexpr auto fields() {
    return std::tuple{field("servers", &DnsSpec::servers), field("search", &DnsSpec::search),
                      field("options", &DnsSpec::options), field("extra_hosts", &DnsSpec::extra_hosts)};
  }
  bool operator==(const DnsSpec&) const = default;
};

// A published port. The shim holds `host_port` with a listening (TCP) or bound (UDP) socket that the start
// request hands over, and relays what reaches that socket; the usual path is DNAT and never touches it.
struct PublishedPort {
  std::string protocol = "tcp";  // tcp, udp
  std::string host_address;      // "0.0.0.0", "127.0.0.1", "::"
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  static constexpr auto fields() {
    return std::tuple{field("protocol", &PublishedPort::protocol),
                      field("host_address", &PublishedPort::host_address),
                      field("host_port", &PublishedPort::host_port),
                      field("container_port", &PublishedPort::container_port)};
  }
  auto operator<=>(const PublishedPort&) const = default;
};

// ---- the whole ----

struct ContainerSpec {
  ContainerId id;
  std::string name;      // "shop-web-1"
  std::string project;   // directory level in the cgroup tree
  std::string hostname;  // default: the first 12 digits of the id
  std::string domainname;
  ProcessSpec process;
  RootfsSpec rootfs;
  std::vector<Mount> mounts;
  SecuritySpec security;
  ResourceSpec resources;
  RestartPolicy restart;
  std::optional<HealthSpec> health;
  LogSpec log;
  int stop_signal = 15;
  std::int64_t stop_grace = 10'000'000'000;  // nanoseconds
  std::vector<EndpointSpec> endpoints;
  DnsSpec dns;
  std::vector<PublishedPort> ports;
  static constexpr auto fields() {
    return std::tuple{field("id", &ContainerSpec::id),
                      field("name", &ContainerSpec::name),
                      field("project", &ContainerSpec::project),
                      field("hostname", &ContainerSpec::hostname),
                      field("domainname", &ContainerSpec::domainname),
                      field("process", &ContainerSpec::process),
                      field("rootfs", &ContainerSpec::rootfs),
                      field("mounts", &ContainerSpec::mounts),
                      field("security", &ContainerSpec::security),
                      field("resources", &ContainerSpec::resources),
                      field("restart", &ContainerSpec::restart),
                      field("health", &ContainerSpec::health),
                      field("log", &ContainerSpec::log),
                      field("stop_signal", &ContainerSpec::stop_signal),
                      field("stop_grace", &ContainerSpec::stop_grace),
                      field("endpoints", &ContainerSpec::endpoints),
                      field("dns", &ContainerSpec::dns),
                      field("ports", &ContainerSpec::ports)};
  }
  bool operator==(const ContainerSpec&) const = default;
};

}  // namespace compose::rt
