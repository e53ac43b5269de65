#pragma once
// Which device nodes a container may open or make: Docker's list, the spec's devices and rules. As text for
// the v1 devices controller, and as a BPF program (BPF_PROG_TYPE_CGROUP_DEVICE) for v2. Pure but for loading.
#include <cstdint>
#include <linux/bpf.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

// The kernel's bits of bpf_cgroup_dev_ctx.access_type.
enum DeviceAccess : std::uint32_t { k_may_make = 1, k_may_read = 2, k_may_write = 4 };

struct DeviceRule {
  char type = 'a';          // a(ll), b(lock), c(haracter)
  std::int64_t major = -1;  // -1: any
  std::int64_t minor = -1;
  std::uint32_t access = k_may_make | k_may_read | k_may_write;
  bool operator==(const DeviceRule&) const = default;
};

// "c 1:3 rwm", "b *:* m", "a *:* rwm". Error: "device rule 'x' is not of the form 'c 1:3 rwm'".
DeviceRule parse_device_rule(std::string_view rule);
std::string to_text(const DeviceRule& rule);

// Everything allowed; the rest is denied. `devices` are the numbers of the spec's device nodes, already
// looked up.
std::vector<DeviceRule> allowed_devices(const SecuritySpec& security, const std::vector<DeviceRule>& devices);

std::vector<bpf_insn> compile_device_program(const std::vector<DeviceRule>& allowed);

// Loads the program and attaches it to a v2 cgroup. The program lives as long as the cgroup.
void attach_device_program(int cgroup, const std::vector<DeviceRule>& allowed);

}  // namespace compose::rt
