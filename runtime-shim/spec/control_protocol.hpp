#pragma once
// The control socket of a shim: /run/compose/<id>/control, AF_UNIX stream, mode 0600, peer uid 0. One request
// per connection (base/channel framing, wire form of ControlRequest), answered by one or more ControlReply
// messages.
//
//  - kill, pause, unpause: one reply when it is done; after KILL and the container's stop signal no restart
//    follows.
//  - hold: as pause, and the container goes on when the peer closes: whoever is killed while it looks at a
//    container that stands still leaves it running.
//  - stop: one reply when nothing of the container runs any more.
//  - wait: one reply when the container has ended for good (no restart follows).
//  - exec: reply `started` (with the pty master for a terminal), then reply `done` with the exit code.
//    Without a terminal the request brings those of stdin, stdout, stderr that ExecSpec::stdio names; the
//    others are /dev/null. They must be anonymous pipes: what a process has open it can open again through
//    /proc/self/fd, with other rights, and a file of the host would be reached that way. A client that goes
//    away closes its ends of the pipes or the pty; the process is not killed.
//  - attach: reply `started` with a descriptor for input: the pty master (write and resize only), or the
//    write end of the stdin pipe; none where stdin is closed. The request brings stdout, stderr descriptors
//    that get a copy of the output from now on; they are closed at the container's end.
//  - follow: one reply; the request brings the write end of a pipe, which gets the lines from now on
//    (shim/followers.hpp).
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "base/record.hpp"

namespace compose::rt {

using base::field;

inline constexpr std::uint32_t k_control_protocol = 1;

enum class ControlVerb : std::uint8_t { kill, stop, pause, unpause, exec, attach, wait, hold, follow };

struct ExecSpec {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // added to the container's
  std::string directory;                 // empty: the container's
  std::string user;                      // empty: the container's
  bool terminal = false;
  bool privileged = false;
  std::uint8_t stdio = 0;  // bit i: descriptor i rides along
  std::uint16_t rows = 0;  // of the terminal; 0: unknown
  std::uint16_t columns = 0;
  static constexpr auto fields() {
    return std::tuple{field("argv", &ExecSpec::argv),           field("environment", &ExecSpec::environment),
                      field("directory", &ExecSpec::directory), field("user", &ExecSpec::user),
                      field("terminal", &ExecSpec::terminal),   field("privileged", &ExecSpec::privileged),
                      field("stdio", &ExecSpec::stdio),         field("rows", &ExecSpec::rows),
                      field("columns", &ExecSpec::columns)};
  }
  bool operator==(const ExecSpec&) const = default;
};

struct ControlRequest {
  std::uint32_t protocol = k_control_protocol;
  ControlVerb verb = ControlVerb::wait;
  int signal = 0;                  // kill; stop: 0 is the container's own stop signal
  std::int64_t grace = -1;         // stop: nanoseconds; negative: the container's own
  bool close_stdin_after = false;  // attach: the input descriptor is the last one: closing it ends the input
  ExecSpec exec;
  static constexpr auto fields() {
    return std::tuple{field("protocol", &ControlRequest::protocol),
                      field("verb", &ControlRequest::verb),
                      field("signal", &ControlRequest::signal),
                      field("grace", &ControlRequest::grace),
                      field("close_stdin_after", &ControlRequest::close_stdin_after),
                      field("exec", &ControlRequest::exec)};
  }
  bool operator==(const ControlRequest&) const = default;
};

enum class ReplyKind : std::uint8_t { done, started, refused };

struct ControlReply {
  ReplyKind kind = ReplyKind::done;
  std::string error;  // refused: why
  int exit_code = 0;  // exec, wait; refused: 126, 127 or 125
  bool operator==(const ControlReply&) const = default;
  static constexpr auto fields() {
    return std::tuple{field("kind", &ControlReply::kind), field("error", &ControlReply::error),
                      field("exit_code", &ControlReply::exit_code)};
  }
};

}  // namespace compose::rt
