#include "runtime-shim/spec/kernel_words.hpp"

#include <algorithm>
#include <array>
#include <sys/resource.h>

#include "base/kernel_parameter.hpp"
#include "base/text.hpp"

namespace compose::rt {

namespace {

constexpr std::array<std::string_view, 41> k_capability_names{"CHOWN",
                                                              "DAC_OVERRIDE",
                                                              "DAC_READ_SEARCH",
                                                              "FOWNER",
                                                              "FSETID",
                                                              "KILL",
                                                              "SETGID",
                                                              "SETUID",
                                                              "SETPCAP",
                                                              "LINUX_IMMUTABLE",
                                                              "NET_BIND_SERVICE",
                                                              "NET_BROADCAST",
                                                              "NET_ADMIN",
                                                              "NET_RAW",
                                                              "IPC_LOCK",
                                                              "IPC_OWNER",
                                                              "SYS_MODULE",
                                                              "SYS_RAWIO",
                                                              "SYS_CHROOT",
                                                              "SYS_PTRACE",
                                                              "SYS_PACCT",
                                                              "SYS_ADMIN",
                                                              "SYS_BOOT",
                                                              "SYS_NICE",
                                                              "SYS_RESOURCE",
                                                              "SYS_TIME",
                                                              "SYS_TTY_CONFIG",
                                                              "MKNOD",
                                                              "LEASE",
                                                              "AUDIT_WRITE",
                                                              "AUDIT_CONTROL",
                                                              "SETFCAP",
                                                              "MAC_OVERRIDE",
                                                              "MAC_ADMIN",
                                                              "SYSLOG",
                                                              "WAKE_ALARM",
                                                              "BLOCK_SUSPEND",
                                                              "AUDIT_READ",
                                                              "PERFMON",
                                                              "BPF",
                                                              "CHECKPOINT_RESTORE"};

constexpr std::array<NamedLimit, 16> k_limits{{{"as", RLIMIT_AS},
                                               {"core", RLIMIT_CORE},
                                               {"cpu", RLIMIT_CPU},
                                               {"data", RLIMIT_DATA},
                                               {"fsize", RLIMIT_FSIZE},
                                               {"locks", RLIMIT_LOCKS},
                                               {"memlock", RLIMIT_MEMLOCK},
                                               {"msgqueue", RLIMIT_MSGQUEUE},
                                               {"nice", RLIMIT_NICE},
                                               {"nofile", RLIMIT_NOFILE},
                                               {"nproc", RLIMIT_NPROC},
                                               {"rss", RLIMIT_RSS},
                                               {"rtprio", RLIMIT_RTPRIO},
                                               {"rttime", RLIMIT_RTTIME},
                                               {"sigpending", RLIMIT_SIGPENDING},
                                               {"stack", RLIMIT_STACK}}};

constexpr std::array<std::string_view, 8> k_ipc_parameters{
    "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
    "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

}  // namespace

std::span<const std::string_view> capability_words() {
  return k_capability_names;
}

std::optional<int> capability_number(std::string_view name) {
  const std::string upper = base::upper_case(name);
  std::string_view bare = upper;
  if (bare.starts_with("CAP_")) bare.remove_prefix(4);
  const auto found = std::ranges::find(k_capability_names, bare);
  if (found == k_capability_names.end()) return std::nullopt;
  return static_cast<int>(found - k_capability_names.begin());
}

std::span<const NamedLimit> resource_limits() {
  return k_limits;
}

ParameterHome home_of_parameter(std::string_view key) {
  const auto path = base::parameter_path(key);
  if (!path) return ParameterHome::host;
  std::string dotted = *path;
  std::ranges::replace(dotted, '/', '.');
  if (dotted.starts_with("net.")) return ParameterHome::network;
  if (dotted == "kernel.domainname") return ParameterHome::uts;
  if (dotted.starts_with("fs.mqueue.") ||
      std::ranges::find(k_ipc_parameters, dotted) != k_ipc_parameters.end())
    return ParameterHome::ipc;
  return ParameterHome::host;
}

}  // namespace compose::rt
