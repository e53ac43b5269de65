#include "runtime-shim/client/launcher_process.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.hpp"
#include "base/spawn.hpp"
#include "base/sys.hpp"
#include "base/sys_linux.hpp"
#include "base/wire.hpp"

namespace compose::rt {
namespace {

namespace sys = base::sys;

base::UniqueFd read_only_mount(const HostPath& program) {
  base::UniqueFd tree{sys::open_tree(AT_FDCWD, program.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)};
  const mount_attr read_only{.attr_set = MOUNT_ATTR_RDONLY, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
  if (!tree || sys::mount_setattr(tree.get(), "", AT_EMPTY_PATH, read_only) == -1) return {};
  return tree;
}

base::UniqueFd sealed_copy(const HostPath& program) {
  const auto file = sys::open(program, O_RDONLY);
  base::UniqueFd copy{base::check(::memfd_create("compose-shim", MFD_CLOEXEC | MFD_ALLOW_SEALING),
                                  "copy '{}'", program.str())};
  struct ::stat info {};
  base::check(::fstat(file.get(), &info), "stat '{}'", program.str());
  for (off_t left = info.st_size; left > 0;)
    left -= base::check(::sendfile(copy.get(), file.get(), nullptr, static_cast<std::size_t>(left)),
                        "copy '{}'", program.str());
  base::check(::fcntl(copy.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
              "seal '{}'", program.str());
  return copy;
}

}  // namespace

LauncherProcess start_launcher(const HostPath& program, const LauncherOptions& options) {
  auto executable = read_only_mount(program);
  if (!executable) executable = sealed_copy(program);
  auto [ours, theirs] = sys::make_socket_pair(SOCK_STREAM);
  std::vector<base::PassedFd> fds{{.source = theirs.get(), .target = k_launcher_socket}};
  if (options.held_while_starting >= 0)
    fds.push_back({.source = options.held_while_starting, .target = k_launcher_held});
  std::vector<std::string> argv{"compose-shim"};
  if (!options.project.empty()) argv.insert(argv.end(), {options.cgroup_root, options.project});
  auto process = base::spawn(
      {.program = program,
       .program_fd = executable.get(),
       .argv = std::move(argv),
       .environment =
           [] {
             std::vector<std::string> environment;
             for (const char* name : {"COMPOSE_FAULT", "COMPOSE_FAULT_TRACE", "COMPOSE_FAULT_COUNT"})
               if (const auto value = sys::environment(name))
                 environment.push_back(base::text("{}={}", name, *value));
             return environment;
           }(),
       .fds = fds});
  return {.process = std::move(process), .socket = std::move(ours)};
}

HostPath ensure_mount_points(const HostPath& data_root) {
  const HostPath layer = data_root / "mount-points";
  if (sys::exists(layer)) return layer;
  const HostPath aside{base::text("{}.new-{}", layer.str(), base::random_hex(4))};
  for (const char* directory : {"dev", "proc", "sys", "etc"}) sys::make_directories(aside / directory);
  for (const char* file : {"etc/resolv.conf", "etc/hosts", "etc/hostname"})
    sys::open(aside / file, O_WRONLY | O_CREAT, 0644);
  if (::rename(aside.c_str(), layer.c_str()) == -1) {
    const int error = errno;
    sys::remove_tree(aside);
    if (error != EEXIST && error != ENOTEMPTY)
      throw base::SysError(error, base::text("create '{}'", layer.str()));
  }
  return layer;
}

void send_start(int socket, const StartHeader& header, const ContainerSpec& spec,
                const std::vector<int>& fds) {
  base::WireWriter w;
  w.put(header);
  w.put(spec);
  base::send_message(socket, w.take(), fds);
}

StartReport decode_report(const std::string& bytes) {
  return base::from_wire<StartReport>(bytes);
}

}  // namespace compose::rt
