#include "runtime-shim/client/run_to_completion.hpp"

#include <array>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/scope_exit.hpp"
#include "base/sys.hpp"
#include "runtime-shim/client/launcher_process.hpp"
#include "runtime-shim/client/remains.hpp"
#include "runtime-shim/spec/status_codec.hpp"

namespace compose::rt {
namespace {

// Everything that is written to the pipe, until nobody holds its other end; at the latest that is the end of
// the shim.
void pass_on(int pipe, const std::function<void(std::string_view)>& on_output) {
  std::array<char, 16384> buffer;
  while (const auto count = base::sys::read_some(pipe, buffer)) on_output({buffer.data(), count});
}

}  // namespace

void wait_for_end(const RuntimePaths& paths, const ContainerId& id) {
  const auto alive = base::sys::open_if_exists(paths.alive_file(id), O_RDONLY);
  if (!alive) return;
  struct flock lock {};
  lock.l_type = F_RDLCK;
  lock.l_whence = SEEK_SET;
  base::check(base::retry_eintr([&] { return ::fcntl(alive->get(), F_OFD_SETLKW, &lock); }),
              "wait for the container");
}

int run_to_completion(const RuntimePaths& paths, const HostPath& shim_program, const ContainerSpec& spec,
                      const RunStdio& stdio) {
  const auto launcher = start_launcher(shim_program, {.held_while_starting = stdio.held_while_starting});
  const StartHeader header{.run_root = paths.run_root,
                           .mount_points = ensure_mount_points(paths.data_root),
                           .cgroup_root = paths.cgroup_root(),
                           .direct_stdio = true,
                           .die_with_launcher = true};
  const auto null = base::sys::open(HostPath{"/dev/null"}, O_RDWR);
  const auto or_null = [&](int fd) { return fd >= 0 ? fd : null.get(); };
  base::sys::Pipe pipe;
  if (stdio.on_output) pipe = base::sys::make_pipe();
  const int output = stdio.on_output ? pipe.write_end.get() : or_null(stdio.output);
  const int error = stdio.on_output ? pipe.write_end.get() : or_null(stdio.error);
  send_start(launcher.socket.get(), header, spec, {or_null(stdio.input), output, error});
  pipe.write_end.reset();
  const base::ScopeExit forget{[&] {
    try {
      Remains remains{paths};
      remains.clean_up(spec.project, spec.id);
      remains.remove_empty_parents(spec.project);
    } catch (const base::Error&) {
      // Left for the next clean-up; the result of the run is what the caller needs to hear.
    }
  }};
  const auto message = base::receive_message(launcher.socket.get());
  if (!message) base::fail("the launcher ended without a report");
  const StartReport report = decode_report(message->bytes);
  if (!report.ok) base::fail("{}", report.error);
  if (stdio.on_output) pass_on(pipe.read_end.get(), stdio.on_output);
  wait_for_end(paths, spec.id);
  const auto status = read_status_file(paths.run_directory(spec.id));
  if (!status || status->state != ContainerState::exited)
    base::fail("the supervisor of the container was lost");
  return status->exit_code;
}

}  // namespace compose::rt
