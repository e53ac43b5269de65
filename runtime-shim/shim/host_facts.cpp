#include "runtime-shim/shim/host_facts.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <linux/capability.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"

namespace compose::rt {
namespace {

// CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT MKNOD
// AUDIT_WRITE SETFCAP
constexpr CapabilityMask k_docker_default = 0xa80425fb;

// Temperatures tell what other CPUs compute. Only bare-metal x86 has these directories.
std::vector<std::string> find_side_channels() {
  std::vector<std::string> out;
  const std::string directory = "/sys/devices/system/cpu";
  if (::access((directory + "/cpu0/thermal_throttle").c_str(), F_OK) == -1) return out;
  for (const auto& name : base::list_directory(HostPath{directory})) {
    const std::string path = directory + "/" + name + "/thermal_throttle";
    if (name.starts_with("cpu") && ::access(path.c_str(), F_OK) == 0) out.push_back(path);
  }
  return out;
}

// The shim outlives its container when memory is short; the container keeps the score that the caller had.
void protect_from_oom(HostFacts& facts) {
  const HostPath file{"/proc/self/oom_score_adj"};
  facts.oom_score_for_containers = std::atoi(base::read_file_if_exists(file).value_or("0").c_str());
  const base::UniqueFd fd{::open(file.c_str(), O_WRONLY | O_CLOEXEC)};
  facts.oom_score_changed = fd && ::write(fd.get(), "-999", 4) == 4;
}

}  // namespace

HostFacts find_host_facts() {
  HostFacts facts;
  facts.cgroups = detect_layout();
  facts.bounding = own_bounding_set();
  facts.may_raise_limits = (facts.bounding >> CAP_SYS_RESOURCE & 1U) != 0;
  facts.default_capabilities = k_docker_default & facts.bounding;
  facts.default_seccomp = compile_seccomp(facts.default_capabilities);
  facts.side_channel_masks = find_side_channels();
  if (facts.may_raise_limits) protect_from_oom(facts);
  return facts;
}

}  // namespace compose::rt
