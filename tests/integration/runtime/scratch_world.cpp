#include "scratch_world.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.hpp"
#include "runtime-shim/client/remains.hpp"

namespace compose::test {
namespace {

constexpr const char* k_applets[] = {
    "sh",    "cat",   "echo",  "ls",       "id",       "sleep", "true", "false", "env",  "pwd",
    "stat",  "mount", "touch", "mkdir",    "rm",       "head",  "grep", "wc",    "sort", "kill",
    "ps",    "dd",    "test",  "readlink", "hostname", "nc",    "trap", "seq",   "awk",  "sed",
    "mknod", "chmod", "chown", "tr",       "cut",      "uname", "yes",  "tty",   "stty", "ip"};

base::HostPath make_image(const base::HostPath& directory) {
  for (const char* d : {"bin", "etc", "proc", "sys", "dev", "tmp", "root", "data"})
    base::sys::make_directories(directory / d);
  base::write_file_atomically(directory / "bin/busybox", base::read_file(base::HostPath{"/bin/busybox"}),
                              0755);
  for (const char* applet : k_applets) base::sys::make_symlink("busybox", directory / "bin" / applet);
  base::write_file_atomically(directory / "etc/passwd",
                              "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n",
                              0644);
  base::write_file_atomically(directory / "etc/group",
                              "root:x:0:\nalice:x:1000:\naudio:x:29:alice\nvideo:x:44:alice\n", 0644);
  ::chmod((directory / "tmp").c_str(), 01777);
  return directory;
}

}  // namespace

ScratchWorld::ScratchWorld()
    : paths{.data_root = directory.path() / "data", .run_root = directory.path() / "run"},
      image(make_image(directory.path() / "image")),
      launcher(std::in_place, context.get_executor(), paths,
               base::HostPath{TEST_BINARY_DIR "/compose-shim"}) {}

ScratchWorld::~ScratchWorld() {
  for (const auto& id : started) {
    try {
      if (rt::shim_alive(paths, id)) stop(id);
    } catch (const base::Error&) {
      // The test has said what was wrong.
    }
  }
  rt::Remains{paths}.remove_empty_parents("test");  // of shims that were killed
}

rt::ContainerSpec ScratchWorld::spec(std::vector<std::string> argv) {
  rt::ContainerSpec s;
  s.id = rt::ContainerId{base::random_hex(32)};
  s.name = "test";
  s.project = "test";
  s.process.argv = std::move(argv);
  s.process.capabilities = {
      "CAP_CHOWN",      "CAP_DAC_OVERRIDE", "CAP_FOWNER",      "CAP_FSETID",           "CAP_KILL",
      "CAP_SETGID",     "CAP_SETUID",       "CAP_SETPCAP",     "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",
      "CAP_SYS_CHROOT", "CAP_MKNOD",        "CAP_AUDIT_WRITE", "CAP_SETFCAP"};
  s.rootfs.lower = {image};
  s.rootfs.upper = paths.container_directory(s.id) / "upper";
  s.rootfs.work = paths.container_directory(s.id) / "work";
  return s;
}

rt::StartReport ScratchWorld::start(const rt::ContainerSpec& s) {
  started.push_back(s.id);
  rt::StartRequest request;
  request.spec = s;
  return await(launcher->start(std::move(request)));
}

int ScratchWorld::wait(const rt::ContainerId& id) {
  try {
    return await(rt::ShimClient{context.get_executor(), paths, id}.wait());
  } catch (const base::Error&) {
    return status(id).value().exit_code;  // it was faster
  }
}

int ScratchWorld::run(const rt::ContainerSpec& s) {
  const auto report = start(s);
  if (!report.ok) throw base::Error(report.error);
  return wait(s.id);
}

void ScratchWorld::stop(const rt::ContainerId& id, std::chrono::nanoseconds grace) {
  await(rt::ShimClient{context.get_executor(), paths, id}.stop(grace));
}

std::string ScratchWorld::log(const rt::ContainerId& id) {
  const std::string file = base::read_file_if_exists(paths.log_file(id)).value_or("");
  std::string out;
  for (std::size_t at = 0; at < file.size();) {
    const auto end = file.find('\n', at);
    const std::string line = file.substr(at, end - at);
    out += line.substr(line.find(' ') + 1) + "\n";
    at = end + 1;
  }
  return out;
}

std::string ScratchWorld::output(const rt::ContainerId& id) {
  const std::string lines = log(id);
  std::string out;
  for (std::size_t at = 0; at < lines.size();) {
    const auto end = lines.find('\n', at);
    const std::string line = lines.substr(at, end - at + 1);
    if (line.starts_with("stdout F ")) out += line.substr(9);
    at = end + 1;
  }
  return out;
}

ScratchWorld::ExecResult ScratchWorld::exec(const rt::ContainerId& id, std::vector<std::string> argv,
                                            rt::ExecSpec extra) {
  extra.argv = std::move(argv);
  auto out = base::sys::make_pipe();
  rt::ShimClient client{context.get_executor(), paths, id};
  auto session = await(client.exec(extra, {-1, out.write_end.get(), out.write_end.get()}));
  out.write_end.reset();
  ExecResult result;
  if (extra.terminal) {
    char buffer[4096];
    for (;;) {
      const auto n = ::read(session.master(), buffer, sizeof buffer);
      if (n <= 0) break;
      result.output.append(buffer, static_cast<std::size_t>(n));
    }
  } else {
    result.output = base::sys::read_to_end(out.read_end.get(), 1U << 20U);
  }
  result.exit_code = await(session.exit_code());
  return result;
}

}  // namespace compose::test
