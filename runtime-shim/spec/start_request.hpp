#pragma once
// What the CLI sends to the launcher for each container, and what comes back. One message per container over
// the launcher's socket (base/channel framing, wire form); requests are pipelined, reports come in the order
// of completion.
//
// Descriptors ride with the request in this order, each group only where its count or flag says so:
//
// - one held socket per entry of `held_ports`
// - stdin, stdout, stderr (`direct_stdio`)
// - copies of stdout and stderr (`tee_output`)
// - the pipe of a follower (`followed`)
// - the lane (`networked` or `gated`)
//
// The lane is a stream socket (base/channel framing) over which the client sends what a start still needs.
// Its end before that takes the start back, without a trace.
//
// - `networked`: "network", with the network namespace and the sockets of the resolver
//   (net/dns/dns_sockets.hpp, DnsSockets::take_all). Cgroups, root filesystem, all that is read and the
//   container's first process with the mounts that ask for no network are there by then.
// - `gated`: "go", after that. Everything up to the last steps before exec is done by then.
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "runtime-shim/spec/container_spec.hpp"

namespace compose::rt {

inline constexpr std::uint32_t k_start_protocol = 4;
inline constexpr std::string_view k_lane_network = "network";
inline constexpr std::string_view k_lane_go = "go";
inline constexpr int k_launcher_socket = 3;  // descriptors of the launcher
inline constexpr int k_launcher_held = 4;    // maybe: kept open while anything is starting, never read

struct StartHeader {
  std::uint32_t protocol = k_start_protocol;
  // Comes back with the report: a container may be started more than once by one launcher.
  std::uint64_t ticket = 0;
  HostPath run_root;        // /run/compose; the shim makes <run_root>/<id>
  HostPath log_directory;   // made when missing; unused where the log is disabled or stdio is direct
  HostPath mount_points;    // a layer with only the places that every container mounts on; goes over the
                            // image's layers
  std::string cgroup_root;  // "compose", or "compose-<hash>" for a run root that is not the default one
  std::vector<std::uint16_t> held_ports;  // index into spec.ports for each held socket
  bool direct_stdio = false;       // stdio of the container is the caller's descriptors: no log, no attach
  bool tee_output = false;         // output is also copied there, from the first byte on
  bool followed = false;           // its lines go into a pipe too (shim/followers.hpp), from the first one on
  bool die_with_launcher = false;  // the container ends when the launcher's client does: build steps
  bool networked = false;
  bool gated = false;
  static constexpr auto fields() {
    return std::tuple{field("protocol", &StartHeader::protocol),
                      field("ticket", &StartHeader::ticket),
                      field("run_root", &StartHeader::run_root),
                      field("log_directory", &StartHeader::log_directory),
                      field("mount_points", &StartHeader::mount_points),
                      field("cgroup_root", &StartHeader::cgroup_root),
                      field("held_ports", &StartHeader::held_ports),
                      field("direct_stdio", &StartHeader::direct_stdio),
                      field("tee_output", &StartHeader::tee_output),
                      field("followed", &StartHeader::followed),
                      field("die_with_launcher", &StartHeader::die_with_launcher),
                      field("networked", &StartHeader::networked),
                      field("gated", &StartHeader::gated)};
  }
  bool operator==(const StartHeader&) const = default;
};

// Sent by the shim, or by the launcher for a shim that it could not start or that died before it could
// report.
struct StartReport {
  ContainerId id;  // empty: the launcher itself has failed
  std::uint64_t ticket = 0;
  bool ok = false;
  std::int64_t init_pid = 0;
  std::string error;  // "mounting the root filesystem: Permission denied", without the container's name
  int exit_code = 0;  // for an error: 127 command not found, 126 not executable, 125 anything else
  std::vector<std::string> warnings;
  static constexpr auto fields() {
    return std::tuple{field("id", &StartReport::id),
                      field("ticket", &StartReport::ticket),
                      field("ok", &StartReport::ok),
                      field("init_pid", &StartReport::init_pid),
                      field("error", &StartReport::error),
                      field("exit_code", &StartReport::exit_code),
                      field("warnings", &StartReport::warnings)};
  }
  bool operator==(const StartReport&) const = default;
};

}  // namespace compose::rt
