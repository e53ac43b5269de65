#include <algorithm>
#include <array>
#include <cctype>

#include "base/error.hpp"
#include "compose/lower/service_lowering.hpp"

namespace compose::lower {
namespace {

// capabilities(7), in the order of their numbers.
constexpr std::array<std::string_view, 41> k_all{"CAP_CHOWN",
                                                 "CAP_DAC_OVERRIDE",
                                                 "CAP_DAC_READ_SEARCH",
                                                 "CAP_FOWNER",
                                                 "CAP_FSETID",
                                                 "CAP_KILL",
                                                 "CAP_SETGID",
                                                 "CAP_SETUID",
                                                 "CAP_SETPCAP",
                                                 "CAP_LINUX_IMMUTABLE",
                                                 "CAP_NET_BIND_SERVICE",
                                                 "CAP_NET_BROADCAST",
                                                 "CAP_NET_ADMIN",
                                                 "CAP_NET_RAW",
                                                 "CAP_IPC_LOCK",
                                                 "CAP_IPC_OWNER",
                                                 "CAP_SYS_MODULE",
                                                 "CAP_SYS_RAWIO",
                                                 "CAP_SYS_CHROOT",
                                                 "CAP_SYS_PTRACE",
                                                 "CAP_SYS_PACCT",
                                                 "CAP_SYS_ADMIN",
                                                 "CAP_SYS_BOOT",
                                                 "CAP_SYS_NICE",
                                                 "CAP_SYS_RESOURCE",
                                                 "CAP_SYS_TIME",
                                                 "CAP_SYS_TTY_CONFIG",
                                                 "CAP_MKNOD",
                                                 "CAP_LEASE",
                                                 "CAP_AUDIT_WRITE",
                                                 "CAP_AUDIT_CONTROL",
                                                 "CAP_SETFCAP",
                                                 "CAP_MAC_OVERRIDE",
                                                 "CAP_MAC_ADMIN",
                                                 "CAP_SYSLOG",
                                                 "CAP_WAKE_ALARM",
                                                 "CAP_BLOCK_SUSPEND",
                                                 "CAP_AUDIT_READ",
                                                 "CAP_PERFMON",
                                                 "CAP_BPF",
                                                 "CAP_CHECKPOINT_RESTORE"};

// What a container gets when the file says nothing: Docker's default.
constexpr std::array<std::string_view, 14> k_default{
    "CAP_CHOWN",      "CAP_DAC_OVERRIDE", "CAP_FOWNER",      "CAP_FSETID",           "CAP_KILL",
    "CAP_SETGID",     "CAP_SETUID",       "CAP_SETPCAP",     "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",
    "CAP_SYS_CHROOT", "CAP_MKNOD",        "CAP_AUDIT_WRITE", "CAP_SETFCAP"};

// "net_raw" -> "CAP_NET_RAW", "all" -> "ALL"
std::string canonical(const std::string& name) {
  std::string upper;
  for (const char c : name) upper += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  if (upper == "ALL" || upper == "CAP_ALL") return "ALL";
  if (!upper.starts_with("CAP_")) upper = "CAP_" + upper;
  if (std::ranges::find(k_all, upper) == k_all.end()) base::fail("unknown capability \"{}\"", name);
  return upper;
}

std::vector<std::string> canonical(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) out.push_back(canonical(name));
  return out;
}

template <class Names>
bool contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

std::vector<std::string> final_capabilities(const std::vector<std::string>& add,
                                            const std::vector<std::string>& drop, bool privileged) {
  const std::vector<std::string> added = canonical(add);
  const std::vector<std::string> dropped = canonical(drop);
  const bool add_all = contains(added, "ALL");
  const bool drop_all = contains(dropped, "ALL");
  std::vector<std::string> result;
  for (const std::string_view name : k_all) {
    bool kept = false;
    if (privileged)
      kept = true;
    else if (add_all)
      kept = !contains(dropped, name);
    else if (drop_all)
      kept = contains(added, name);
    else
      kept = contains(added, name) || (contains(k_default, name) && !contains(dropped, name));
    if (kept) result.emplace_back(name);
  }
  return result;
}

}  // namespace compose::lower
