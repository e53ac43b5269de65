#include "images/build/config_step.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>
#include <variant>

#include "base/error.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/build/word_expansion.hpp"

namespace compose::images {
namespace {

using base::fail;

void insert_sorted(std::vector<std::string>& list, const std::string& value) {
  const auto at = std::ranges::lower_bound(list, value);
  if (at == list.end() || *at != value) list.insert(at, value);
}

std::int64_t nanoseconds_of(const std::string& flag, const std::string& spelling) {
  if (spelling.empty()) return 0;
  const auto duration = base::parse_duration(spelling);
  if (!duration || duration->count() < 0) fail("HEALTHCHECK --{}: '{}' is not a duration", flag, spelling);
  return duration->count();
}

struct ExposedPorts {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::string protocol;
};

std::pair<std::uint16_t, std::uint16_t> port_range(std::string_view text, std::string_view spelling) {
  const auto number = [&](std::string_view digits) {
    std::uint16_t value = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size() || value == 0)
      fail("EXPOSE '{}': must be a port from 1 to 65535, or a range, and may name a protocol", spelling);
    return value;
  };
  const auto dash = text.find('-');
  const auto first = number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
  if (last < first) fail("EXPOSE '{}': the range runs backwards", spelling);
  return {first, last};
}

// What a container's port would be published on may stand in front, as in "127.0.0.1:8080:80": an image says
// nothing of that, so it is left out (the check rule ExposeInvalidFormat).
ExposedPorts parse_exposed(std::string_view spelling) {
  const auto slash = spelling.find('/');
  ExposedPorts ports{
      .protocol = slash == std::string_view::npos ? "tcp" : base::lower_case(spelling.substr(slash + 1))};
  if (ports.protocol != "tcp" && ports.protocol != "udp" && ports.protocol != "sctp")
    fail("EXPOSE '{}': the protocol must be tcp, udp or sctp", spelling);
  auto text = spelling.substr(0, slash);
  if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    auto host = text.substr(0, colon);
    text.remove_prefix(colon + 1);
    host.remove_prefix(host.rfind(':') == std::string_view::npos ? 0 : host.rfind(':') + 1);
    if (!host.empty()) (void)port_range(host, spelling);
  }
  std::tie(ports.first, ports.last) = port_range(text, spelling);
  return ports;
}

void set_environment(std::vector<std::string>& environment, const std::string& name,
                     const std::string& value) {
  const auto found =
      std::ranges::find_if(environment, [&](const auto& entry) { return entry.starts_with(name + "="); });
  if (found != environment.end())
    *found = name + "=" + value;
  else
    environment.push_back(name + "=" + value);
}

}  // namespace

std::vector<std::string> through_shell(const ImageConfig& config, const std::string& text) {
  auto argv = config.shell;
  if (argv.empty()) argv = {"/bin/sh", "-c"};
  argv.push_back(text);
  return argv;
}

std::vector<std::string> command_line(const ImageConfig& config, const Command& command) {
  if (!command.shell_form) return command.argv;
  if (command.text.empty()) return {};
  return through_shell(config, command.text);
}

std::optional<std::string> environment_value(const ImageConfig& config, std::string_view name) {
  for (const auto& entry : config.environment)
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  return std::nullopt;
}

void ConfigStep::operator()(const EnvInstruction& env) {
  std::vector<NameValue> expanded;  // all see the values before this line
  for (const auto& [name, value] : env.variables) expanded.emplace_back(expand_(name), expand_(value));
  for (const auto& [name, value] : expanded) set_environment(document_.config.environment, name, value);
}

void ConfigStep::operator()(const LabelInstruction& label) {
  for (const auto& [name, value] : label.labels) document_.config.labels[expand_(name)] = expand_(value);
}

void ConfigStep::operator()(const CmdInstruction& cmd) {
  document_.config.command = command_line(document_.config, cmd.command);
  command_is_own_ = true;
}

void ConfigStep::operator()(const EntrypointInstruction& entrypoint) {
  document_.config.entrypoint = command_line(document_.config, entrypoint.command);
  if (!command_is_own_) document_.config.command.clear();  // the base's belongs to the base's entrypoint
}

void ConfigStep::operator()(const ShellInstruction& shell) {
  document_.config.shell = shell.argv;
}

void ConfigStep::operator()(const HealthcheckInstruction& check) {
  HealthConfig health;
  if (check.none) {
    health.test = {"NONE"};
  } else {
    health.test = {check.command.shell_form ? "CMD-SHELL" : "CMD"};
    if (check.command.shell_form) {
      health.test.push_back(check.command.text);
    } else {
      health.test.insert(health.test.end(), check.command.argv.begin(), check.command.argv.end());
    }
    health.interval = nanoseconds_of("interval", check.interval);
    health.timeout = nanoseconds_of("timeout", check.timeout);
    health.start_period = nanoseconds_of("start-period", check.start_period);
    health.start_interval = nanoseconds_of("start-interval", check.start_interval);
    const auto& retries = check.retries;
    const auto parsed = std::from_chars(retries.data(), retries.data() + retries.size(), health.retries);
    if (!retries.empty() &&
        (parsed.ec != std::errc{} || parsed.ptr != retries.data() + retries.size() || health.retries < 0))
      fail("HEALTHCHECK --retries: '{}' is not a number", retries);
  }
  document_.config.health = std::move(health);
}

void ConfigStep::operator()(const UserInstruction& user) {
  document_.config.user = expand_(user.user);
}

void ConfigStep::operator()(const ExposeInstruction& expose) {
  for (const auto& word : expose.ports)
    for (const auto& spelling : split_words(expand_(word))) {
      const auto port = parse_exposed(spelling);
      for (std::uint32_t p = port.first; p <= port.last; ++p)
        insert_sorted(document_.config.exposed_ports, base::text("{}/{}", p, port.protocol));
    }
}

void ConfigStep::operator()(const VolumeInstruction& volume) {
  for (const auto& word : volume.paths) {
    const auto path = expand_(word);
    if (path.empty()) fail("VOLUME has an empty path");
    insert_sorted(document_.config.volumes, path);  // as it is written
  }
}

void ConfigStep::operator()(const StopSignalInstruction& stop) {
  const auto signal = expand_(stop.signal);
  if (!base::parse_signal(signal)) fail("STOPSIGNAL '{}' is not a signal", signal);
  document_.config.stop_signal = signal;
}

void ConfigStep::operator()(const OnBuildInstruction& trigger) {
  document_.config.on_build.push_back(trigger.trigger);
}

void ConfigStep::operator()(const MaintainerInstruction& maintainer) {
  document_.author = maintainer.name;
}

void ConfigStep::operator()(const WorkdirInstruction& workdir) {
  auto& config = document_.config;
  const auto path = expand_(workdir.path);
  if (path.empty()) fail("WORKDIR is empty after its variables are replaced");
  config.directory = base::absolute_path(path, config.directory.empty() ? "/" : config.directory);
}

// ---- outside a Dockerfile ----

namespace {

template <class T>
constexpr bool k_may_change =
    ConfigInstruction<T> && !std::is_same_v<T, MaintainerInstruction> && !std::is_same_v<T, ShellInstruction>;

Instruction parse_change(const std::string& change) {
  auto instruction = parse_instruction(change, base::text("change '{}'", change));
  const bool allowed = std::visit([]<class T>(const T&) { return k_may_change<T>; }, instruction.body);
  if (!allowed) fail("change '{}': only the configuration of the image can be changed", change);
  return instruction;
}

}  // namespace

void check_changes(const std::vector<std::string>& changes) {
  for (const auto& change : changes) (void)parse_change(change);
}

void apply_changes(ImageDocument& document, const std::vector<std::string>& changes) {
  bool command_is_own = false;
  ConfigStep step{document, command_is_own, [&](const std::string& word) {
                    return expand_word(
                        word, [&](std::string_view name) { return environment_value(document.config, name); },
                        '\\');
                  }};
  for (const auto& change : changes) {
    const auto instruction = parse_change(change);
    base::with_context(base::text("change '{}'", change), [&] {
      std::visit(
          [&]<class T>(const T& body) {
            if constexpr (k_may_change<T>) step(body);
          },
          instruction.body);
    });
  }
}

}  // namespace compose::images
