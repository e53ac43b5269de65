#include <algorithm>
#include <limits>

#include "compose/lower/service_lowering.hpp"

namespace compose::lower {
namespace {

constexpr const char* k_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// An entrypoint of the file also sets the image's command aside.
std::vector<std::string> arguments(const ServiceLowering& l) {
  const model::Service& s = l.service;
  std::vector<std::string> argv = s.entrypoint.value_or(l.image.entrypoint);
  // `entrypoint: ""` and [""] clear the image's.
  if (argv.size() == 1 && argv.front().empty()) argv.clear();
  if (s.command)
    argv.insert(argv.end(), s.command->begin(), s.command->end());
  else if (!s.entrypoint)
    argv.insert(argv.end(), l.image.command.begin(), l.image.command.end());
  if (argv.empty()) l.fail("no command specified, neither in the file nor in the image");
  return argv;
}

std::string_view key_of(std::string_view variable) {
  return variable.substr(0, variable.find('='));
}

// The image's variables in their order, replaced or removed by the service's; then what only the service has.
std::vector<std::string> environment(const ServiceLowering& l) {
  const model::Environment& own = l.service.environment;
  std::vector<std::string> result;
  std::vector<std::string> placed;
  for (const std::string& variable : l.image.environment) {
    const std::string key{key_of(variable)};
    const auto replaced = own.find(key);
    if (replaced == own.end()) {
      result.push_back(variable);
    } else if (replaced->second) {
      result.push_back(key + "=" + *replaced->second);
      placed.push_back(key);
    }
  }
  for (const auto& [key, value] : own)
    if (value && std::ranges::find(placed, key) == placed.end()) result.push_back(key + "=" + *value);
  const bool has_path = std::ranges::any_of(result, [](const std::string& v) { return key_of(v) == "PATH"; });
  if (!has_path && !own.contains("PATH")) result.insert(result.begin(), k_path);
  return result;
}

std::uint64_t limit_value(std::int64_t value) {
  return value < 0 ? std::numeric_limits<std::uint64_t>::max() : static_cast<std::uint64_t>(value);
}

std::vector<rt::Rlimit> limits(const model::Ulimits& ulimits) {
  std::vector<rt::Rlimit> result;
  for (const auto& [name, limit] : ulimits)
    result.push_back({name, limit_value(limit.soft), limit_value(limit.hard)});
  return result;
}

}  // namespace

void lower_process(const ServiceLowering& l) {
  const model::Service& s = l.service;
  rt::ProcessSpec& p = l.out.spec.process;
  p.argv = arguments(l);
  p.environment = environment(l);
  p.directory = !s.working_dir.empty() ? s.working_dir : l.image.directory.empty() ? "/" : l.image.directory;
  p.user = s.user.empty() ? l.image.user : s.user;
  p.extra_groups = s.group_add;
  p.capabilities = final_capabilities(s.cap_add, s.cap_drop, s.privileged);
  p.rlimits = limits(s.ulimits);
  if (s.oom_score_adj) p.oom_score_adjustment = static_cast<int>(*s.oom_score_adj);
  p.terminal = s.tty;
  p.stdin_open = s.stdin_open;
  p.init = s.init.value_or(false);
}

}  // namespace compose::lower
