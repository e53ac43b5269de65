#pragma once
// The launcher's process and the encoding of requests for it. Plain system calls; used by Launcher (Asio) and
// by run_to_completion (blocking).
#include <string>
#include <vector>

#include "base/channel.hpp"
#include "base/process.hpp"
#include "base/unique_fd.hpp"
#include "runtime-shim/spec/container_spec.hpp"
#include "runtime-shim/spec/start_request.hpp"

namespace compose::rt {

struct LauncherProcess {
  base::Process process;
  base::UniqueFd socket;
};

struct LauncherOptions {
  int held_while_starting = -1;  // see Launcher
  // Whose cgroups are made at once, while the client is still busy with networks and rows; empty: at the
  // first request.
  std::string cgroup_root;
  std::string project;
};

// Executes the program from a mount of its own that is read-only and attached nowhere: what a container sees
// as /proc/<pid>/exe cannot be opened for writing by anybody. Where the kernel refuses that, a sealed copy in
// memory.
LauncherProcess start_launcher(const HostPath& program, const LauncherOptions& options);

// The layer with the mount points (/proc, /dev, /etc/hosts ...), made when it is missing. With it a
// container's start writes nothing into its own layer, and a build step leaves no such files in the image.
HostPath ensure_mount_points(const HostPath& data_root);

// The wire form of a request; `fds` in the order that start_request.hpp says.
void send_start(int socket, const StartHeader& header, const ContainerSpec& spec,
                const std::vector<int>& fds);
StartReport decode_report(const std::string& bytes);

}  // namespace compose::rt
