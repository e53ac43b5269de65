#include "compose/adapters/step_runner.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <unistd.h>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/overloaded.hpp"
#include "base/sys.hpp"
#include "runtime-shim/client/launcher.hpp"
#include "runtime-shim/client/remains.hpp"
#include "runtime-shim/client/run_to_completion.hpp"

namespace compose::adapters {
namespace {

rt::Mount mount_of(const images::StepMount& mount) {
  return std::visit(
      base::overloaded{
          [](const images::StepBind& m) -> rt::Mount {
            return rt::BindMount{
                .source = m.source, .target = m.target, .read_only = m.read_only, .inside = m.inside};
          },
          [](const images::StepTmpfs& m) -> rt::Mount {
            return rt::TmpfsMount{.target = m.target, .size = m.size};
          },
          [](const images::StepFile& m) -> rt::Mount {
            return rt::FileMount{
                .content = m.content, .target = m.target, .mode = m.mode, .uid = m.uid, .gid = m.gid};
          }},
      mount);
}

// What a container has by default (Docker's list).
const std::vector<std::string> k_capabilities{
    "CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",
    "CAP_MKNOD",   "CAP_NET_RAW",      "CAP_SETGID",           "CAP_SETUID",
    "CAP_SETFCAP", "CAP_SETPCAP",      "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT",
    "CAP_KILL",    "CAP_AUDIT_WRITE"};

// Ids of steps begin so and end in the number of the process that builds, by which what a killed build left
// is known.
constexpr std::string_view k_step_id = "b111d57e9";
constexpr std::size_t k_id_bytes = 32;
constexpr std::size_t k_owner_digits = 8;
constexpr const char* k_step_project = "build";

std::string step_id(pid_t owner) {
  std::array<char, k_owner_digits + 1> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x", static_cast<unsigned>(owner));
  const auto random = base::random_hex(k_id_bytes).substr(k_step_id.size() + k_owner_digits);
  return std::string{k_step_id} + random + digits.data();
}

std::optional<pid_t> owner_of_step(std::string_view id) {
  if (!id.starts_with(k_step_id) || id.size() < k_step_id.size() + k_owner_digits) return std::nullopt;
  const auto digits = id.substr(id.size() - k_owner_digits);
  pid_t owner = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), owner, 16);
  return parsed.ec == std::errc{} ? std::optional{owner} : std::nullopt;
}

bool is_running(pid_t process) {
  return base::sys::exists(base::HostPath{"/proc/" + std::to_string(process)});
}

base::ExitStatus status_of(int shell_code) {
  return shell_code > 128 ? base::ExitStatus{.signal = shell_code - 128}
                          : base::ExitStatus{.code = shell_code};
}

}  // namespace

rt::ContainerSpec container_of_step(const images::StepSpec& step, pid_t owner) {
  rt::ContainerSpec spec;
  spec.id = rt::ContainerId{step_id(owner)};
  spec.name = "build-" + spec.id.short_form();
  spec.project = k_step_project;
  spec.hostname = "buildkitsandbox";
  spec.process.argv = step.argv;
  spec.process.environment = step.environment;
  spec.process.directory = step.directory;
  spec.process.user = step.user;
  spec.process.capabilities = k_capabilities;
  for (const auto& limit : step.ulimits) spec.process.rlimits.push_back({limit.name, limit.soft, limit.hard});
  spec.rootfs = {.lower = step.lower, .upper = step.upper, .work = step.work};
  for (const auto& mount : step.mounts) spec.mounts.push_back(mount_of(mount));
  spec.security.privileged = step.privileged;
  if (step.network != images::StepNetwork::none) spec.security.network.mode = rt::NamespaceMode::host;
  if (step.memory > 0) spec.resources.memory = static_cast<std::int64_t>(step.memory);
  if (step.shm_size > 0) spec.resources.shm_size = static_cast<std::int64_t>(step.shm_size);
  spec.dns.extra_hosts = step.extra_hosts;
  spec.log.enabled = false;
  return spec;
}

void ContainerStepRunner::wait_for_starting() {
  starting_.write_end.reset();
  std::array<char, 1> nothing{};
  while (base::sys::read_some(starting_.read_end.get(), nothing) > 0) {
  }
  starting_ = base::sys::make_pipe();
}

// What steps left that were killed: those of this build, which may be about to end, and of builds that are no
// more.
void ContainerStepRunner::clean_up() {
  wait_for_starting();
  const auto runtime = paths_.runtime();
  if (!base::sys::exists(runtime.run_root)) return;
  rt::Remains remains{runtime};
  for (const auto& name : base::list_directory(runtime.run_root)) {
    const auto owner = owner_of_step(name);
    if (!owner || (*owner != owner_ && is_running(*owner))) continue;
    const rt::ContainerId id{name};
    rt::wait_for_end(runtime, id);
    remains.clean_up(k_step_project, id);
  }
  remains.remove_empty_parents(k_step_project);
  ::rmdir(runtime.run_root.c_str());  // where nothing else runs, nothing is left
}

base::ExitStatus ContainerStepRunner::run(const images::StepSpec& step, const images::StepOutput& output) {
  const auto code =
      rt::run_to_completion(paths_.runtime(), rt::find_shim_program(), container_of_step(step, owner_),
                            {.on_output = output, .held_while_starting = starting_.write_end.get()});
  return status_of(code);
}

}  // namespace compose::adapters
