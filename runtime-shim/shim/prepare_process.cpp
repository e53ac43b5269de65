#include <algorithm>
#include <string_view>

#include "base/error.hpp"
#include "runtime-shim/rootfs/etc_files.hpp"
#include "runtime-shim/shim/prepare.hpp"

namespace compose::rt {
namespace {

constexpr std::string_view k_default_path =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string_view key_of(std::string_view entry) {
  return entry.substr(0, entry.find('='));
}

void set_entry(std::vector<std::string>& environment, std::string entry) {
  const auto same =
      std::ranges::find(environment, key_of(entry), [](const std::string& e) { return key_of(e); });
  if (same != environment.end())
    *same = std::move(entry);
  else
    environment.push_back(std::move(entry));
}

std::string_view value_of(const std::vector<std::string>& environment, std::string_view key) {
  for (const auto& entry : environment)
    if (key_of(entry) == key) return std::string_view{entry}.substr(key.size() + 1);
  return {};
}

// Root in a container with all of them is what `privileged` means; otherwise the spec's, cut to what the host
// grants.
CapabilityMask bounding_of(const ProcessRequest& request, const ContainerSpec& spec, const HostFacts& facts,
                           std::vector<std::string>& warnings) {
  if (request.privileged) return facts.bounding;
  const CapabilityMask wanted = capability_mask(spec.process.capabilities);
  if (const CapabilityMask missing = wanted & ~facts.bounding; missing != 0)
    warnings.push_back(base::text("this host does not grant {}", capability_names(missing)));
  return wanted & facts.bounding;
}

std::optional<int> oom_score(const ContainerSpec& spec, const HostFacts& facts,
                             std::vector<std::string>& warnings) {
  const auto wanted = spec.process.oom_score_adjustment;
  if (!wanted) return facts.oom_score_changed ? std::optional{facts.oom_score_for_containers} : std::nullopt;
  if (*wanted < facts.oom_score_for_containers && !facts.may_raise_limits) {
    warnings.push_back(base::text("OOM score adjustment {} is not set: this host allows only {} and above",
                                  *wanted, facts.oom_score_for_containers));
    return std::nullopt;
  }
  return wanted;
}

}  // namespace

std::vector<std::string> complete_environment(const std::vector<std::string>& wanted,
                                              const std::string& hostname, bool terminal,
                                              const std::string& home) {
  std::vector<std::string> out{std::string{k_default_path}, "HOSTNAME=" + hostname};
  if (terminal) out.emplace_back("TERM=xterm");
  for (const auto& entry : wanted)
    if (entry.find('=') != std::string::npos && !entry.starts_with('=')) set_entry(out, entry);
  if (value_of(out, "HOME").empty()) set_entry(out, "HOME=" + home);
  return out;
}

std::vector<std::string> exec_candidates(const std::string& command,
                                         const std::vector<std::string>& environment) {
  if (command.find('/') != std::string::npos) return {command};
  std::vector<std::string> out;
  std::string_view path = value_of(environment, "PATH");
  while (!command.empty()) {
    const auto colon = path.find(':');
    const auto directory = path.substr(0, colon);
    out.push_back(directory.empty() ? "./" + command : std::string{directory} + "/" + command);
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  return out;
}

ProcessRequest request_of(const ProcessSpec& process, bool privileged) {
  return {.argv = process.argv,
          .environment = process.environment,
          .directory = process.directory,
          .user = process.user,
          .terminal = process.terminal,
          .privileged = privileged};
}

ProcessRequest request_of(const ExecSpec& exec, const ProcessSpec& process, bool privileged) {
  ProcessRequest out{.argv = exec.argv,
                     .environment = process.environment,
                     .directory = exec.directory.empty() ? process.directory : exec.directory,
                     .user = exec.user.empty() ? process.user : exec.user,
                     .terminal = exec.terminal,
                     .privileged = privileged || exec.privileged,
                     .rows = exec.rows,
                     .columns = exec.columns};
  out.environment.insert(out.environment.end(), exec.environment.begin(), exec.environment.end());
  return out;
}

PreparedProcess prepare_process(const ProcessRequest& request, const ContainerSpec& spec,
                                const HostFacts& facts, int root, SeccompProgram& own,
                                std::vector<std::string>& warnings) {
  if (request.argv.empty()) base::fail("no command");
  PreparedProcess out;
  out.argv = request.argv;
  out.user = resolve_user(request.user, spec.process.extra_groups, read_user_files(root));
  out.environment =
      complete_environment(request.environment, effective_hostname(spec), request.terminal, out.user.home);
  out.candidates = exec_candidates(request.argv.front(), out.environment);
  out.directory = request.directory.empty() ? "/" : request.directory;
  if (!out.directory.starts_with('/')) base::fail("working directory '{}' is not absolute", out.directory);
  out.bounding = bounding_of(request, spec, facts, warnings);
  out.rlimits = prepare_rlimits(spec.process.rlimits, facts.may_raise_limits, warnings);
  out.oom_score_adjustment = oom_score(spec, facts, warnings);
  out.no_new_privileges = spec.process.no_new_privileges;
  out.terminal = request.terminal;
  out.rows = request.rows;
  out.columns = request.columns;
  if (request.privileged || spec.security.seccomp == SeccompMode::unconfined) return out;
  if (out.bounding == facts.default_capabilities) {
    out.seccomp = &facts.default_seccomp;
  } else {
    if (own.empty()) own = compile_seccomp(out.bounding);
    out.seccomp = &own;
  }
  return out;
}

}  // namespace compose::rt
