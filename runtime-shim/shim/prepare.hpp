#pragma once
// From specs to what a child needs (init/prepared_child.hpp). Reads the host and the container's root,
// changes nothing but the run directory (resolv.conf and its kin, files of the spec) and missing bind
// sources.
#include <memory>
#include <string>
#include <vector>

#include "runtime-shim/cgroup/container_cgroup.hpp"
#include "runtime-shim/init/prepared_child.hpp"
#include "runtime-shim/shim/host_facts.hpp"
#include "runtime-shim/shim/start_message.hpp"
#include "runtime-shim/shim/status_file.hpp"
#include "runtime-shim/spec/control_protocol.hpp"

namespace compose::rt {

// The environment that a process gets: defaults, then `wanted`; the last of two values counts; entries
// without '=' are dropped; HOME from the user's entry unless given.
std::vector<std::string> complete_environment(const std::vector<std::string>& wanted,
                                              const std::string& hostname, bool terminal,
                                              const std::string& home);

// Paths to try for a command: itself when it has a slash, otherwise one for each directory of PATH in
// `environment`.
std::vector<std::string> exec_candidates(const std::string& command,
                                         const std::vector<std::string>& environment);

// Kernel parameters that belong to the container's own namespaces. Error: any other one, or a value with a
// line break.
std::vector<PreparedSysctl> prepare_sysctls(const SecuritySpec& security);

struct ProcessRequest {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // complete but for the defaults
  std::string directory;
  std::string user;
  bool terminal = false;
  bool privileged = false;  // exec --privileged
  std::uint16_t rows = 0;
  std::uint16_t columns = 0;
};

ProcessRequest request_of(const ProcessSpec& process, bool privileged);
ProcessRequest request_of(const ExecSpec& exec, const ProcessSpec& process, bool privileged);

// Seccomp programs are kept by the caller: the shared default one, or `own` filled here for another
// capability set.
PreparedProcess prepare_process(const ProcessRequest& request, const ContainerSpec& spec,
                                const HostFacts& facts, int root, SeccompProgram& own,
                                std::vector<std::string>& warnings);

// Files of the run directory, sources of binds, volumes filled, mount plan, sysctls, devices.
PreparedWorld prepare_world(const StartMessage& message, const HostFacts& facts, const RunDirectory& run,
                            const ContainerCgroup& cgroup, int root);

// Major, minor and access of the spec's device nodes.
std::vector<DeviceRule> device_numbers(const SecuritySpec& security);

}  // namespace compose::rt
