#include "compose/cli/containers.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "base/units.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/cli/context.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/ui/table.hpp"

namespace compose::cli {

using base::text;
using rt::ContainerState;

std::vector<Listed> list_containers(Context& context, const std::string& project,
                                    adapters::State::Labels labels) {
  std::vector<Listed> all;
  for (auto& record : context.state().containers(project, labels)) {
    if (adapters::is_going(record.phase)) continue;
    auto status = adapters::status_of(context.paths(), record);
    all.push_back({std::move(record), std::move(status)});
  }
  context.phase_done("list containers");
  return all;
}

void check_services(Context& context, const std::vector<Listed>& containers,
                    const std::vector<std::string>& services) {
  std::optional<std::set<std::string>> of_file;
  for (const auto& service : services) {
    if (std::ranges::any_of(containers, [&](const auto& c) { return c.record.service == service; })) continue;
    if (!of_file) {
      of_file.emplace();
      if (context.has_files()) {
        auto options = context.load_options();
        options.all_services = true;
        options.resolve_environment = false;
        for (const auto& [name, unused] : loader::load_project(options).project.services)
          of_file->insert(name);
      }
    }
    if (!of_file->contains(service)) base::fail("no such service: {}", service);
  }
}

bool is_running(const rt::ContainerStatus& status) noexcept {
  return status.state == ContainerState::running || status.state == ContainerState::paused ||
         status.state == ContainerState::restarting;
}

std::string_view state_word(ContainerState state) noexcept {
  static constexpr std::array<std::string_view, 6> k_words{"created",    "running", "paused",
                                                           "restarting", "exited",  "dead"};
  return k_words.at(static_cast<std::size_t>(state));
}

std::string_view health_word(rt::Health health) noexcept {
  static constexpr std::array<std::string_view, 4> k_words{"", "starting", "healthy", "unhealthy"};
  return k_words.at(static_cast<std::size_t>(health));
}

std::string age_text(std::int64_t since_nanoseconds, std::chrono::system_clock::time_point now) {
  const auto age = now.time_since_epoch() - std::chrono::nanoseconds{since_nanoseconds};
  return base::format_age(std::chrono::duration_cast<std::chrono::seconds>(age));
}

std::string status_text(const rt::ContainerStatus& status, std::chrono::system_clock::time_point now) {
  switch (status.state) {
    case ContainerState::created:
      return "Created";
    case ContainerState::dead:
      return "Dead";
    case ContainerState::paused:
      return text("Up {} (Paused)", age_text(status.started_at, now));
    case ContainerState::restarting:
      return text("Restarting ({}) {} ago", status.exit_code, age_text(status.finished_at, now));
    case ContainerState::exited:
      if (status.finished_at == 0) return text("Exited ({})", status.exit_code);
      return text("Exited ({}) {} ago", status.exit_code, age_text(status.finished_at, now));
    case ContainerState::running:
      break;
  }
  const auto up = "Up " + age_text(status.started_at, now);
  if (status.health == rt::Health::none) return up;
  return text("{} ({}{})", up, status.health == rt::Health::starting ? "health: " : "",
              health_word(status.health));
}

namespace {

struct PortRun {
  rt::PublishedPort first;
  int length = 1;
};

std::string port_range(int first, int length) {
  return length == 1 ? text("{}", first) : text("{}-{}", first, first + length - 1);
}

std::string run_text(const PortRun& run) {
  const auto& p = run.first;
  const bool ipv6 = p.host_address.find(':') != std::string::npos;
  return text("{}{}{}:{}->{}/{}", ipv6 ? "[" : "", p.host_address, ipv6 ? "]" : "",
              port_range(p.host_port, run.length), port_range(p.container_port, run.length), p.protocol);
}

}  // namespace

std::string ports_text(const adapters::ContainerSummary& summary, bool running) {
  std::vector<std::string> parts;
  auto ports = running ? summary.ports : std::vector<rt::PublishedPort>{};
  const auto order = [](const rt::PublishedPort& p) {
    return std::tuple{p.protocol, p.host_address.find(':') != std::string::npos, p.host_address,
                      p.container_port, p.host_port};
  };
  std::ranges::sort(ports, {}, order);
  std::vector<PortRun> runs;
  for (const auto& port : ports) {
    auto* last = runs.empty() ? nullptr : &runs.back();
    const bool continues = last != nullptr && last->first.protocol == port.protocol &&
                           last->first.host_address == port.host_address &&
                           last->first.host_port + last->length == port.host_port &&
                           last->first.container_port + last->length == port.container_port;
    if (continues)
      ++last->length;
    else
      runs.push_back({port, 1});
  }
  std::ranges::stable_sort(runs, {}, [](const PortRun& r) { return r.first.container_port; });
  for (const auto& run : runs) parts.push_back(run_text(run));
  for (const auto& exposed : summary.exposed) {
    const auto published = [&](const auto& p) {
      return text("{}/{}", p.container_port, p.protocol) == exposed;
    };
    if (running && std::ranges::none_of(ports, published)) parts.push_back(exposed);
  }
  return base::join(parts, ", ");
}

std::string command_text(const adapters::ContainerSummary& summary, bool whole) {
  constexpr std::size_t width = 20;
  std::string out = "\"";
  for (const char c : whole ? summary.command : ui::shorten(summary.command, width)) {
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  return out + '"';
}

std::string short_name(const adapters::ContainerRecord& record) {
  std::string name = record.name;
  const auto replacing = name.find_first_not_of("0123456789abcdef");  // "<12 digits of the old id>_<name>"
  if (replacing == 12 && name[12] == '_') name.erase(0, 13);
  const auto prefix = record.project.size();
  const bool ours = name.size() > prefix + 1 && name.starts_with(record.project) &&
                    (name[prefix] == '-' || name[prefix] == '_') &&
                    name.compare(prefix + 1, record.service.size(), record.service) == 0;
  return ours ? name.substr(prefix + 1) : name;
}

namespace {

// Number `index`, or without one the lowest; one-off containers last. nullptr: there is none.
const Listed* lowest(const std::vector<Listed>& containers, const std::string& service,
                     std::optional<int> index, bool running) {
  const Listed* chosen = nullptr;
  const auto rank = [](const Listed& c) { return std::pair{c.record.one_off, c.record.number}; };
  for (const auto& c : containers) {
    if (c.record.service != service || (running && !is_running(c.status))) continue;
    if (index.value_or(0) != 0 && (c.record.one_off || c.record.number != *index)) continue;
    if (chosen == nullptr || rank(c) < rank(*chosen)) chosen = &c;
  }
  return chosen;
}

}  // namespace

const Listed& choose_replica(const std::vector<Listed>& containers, const std::string& service,
                             std::optional<int> index) {
  if (const auto* chosen = lowest(containers, service, index, true)) return *chosen;
  if (index.value_or(0) != 0) base::fail("service \"{}\" is not running container #{}", service, *index);
  base::fail("service \"{}\" is not running", service);
}

const Listed& choose_container(const std::vector<Listed>& containers, const std::string& service,
                               std::optional<int> index) {
  for (const bool running : {true, false})
    if (const auto* chosen = lowest(containers, service, index, running)) return *chosen;
  if (index.value_or(0) != 0) base::fail("service \"{}\" has no container #{}", service, *index);
  base::fail("service \"{}\" has no container", service);
}

}  // namespace compose::cli
