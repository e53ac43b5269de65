#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/units.hpp"
#include "compose/cli/containers.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/formats.hpp"
#include "compose/cli/verbs/verbs.hpp"
#include "compose/ui/table.hpp"
#include "compose/ui/template.hpp"

namespace compose::cli {
namespace {

using base::Json;
using Time = std::chrono::system_clock::time_point;

std::string local_time(std::int64_t nanoseconds) {
  const std::time_t seconds = nanoseconds / 1'000'000'000;
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 64> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S %z %Z", &parts);
  return buffer.data();
}

Json publishers_of(const Listed& c) {
  Json all = Json::array();
  if (!is_running(c.status)) return all;
  for (const auto& p : c.record.summary.ports)
    all.push_back({{"URL", p.host_address},
                   {"TargetPort", p.container_port},
                   {"PublishedPort", p.host_port},
                   {"Protocol", p.protocol}});
  return all;
}

class PsVerb final : public Verb {
 public:
  void declare(Arguments& a) override {
    a.flag("-a,--all", all_, "Show all containers, also stopped ones and those of run");
    a.value("--filter", filter_, "status=STATE", "Only containers in this state");
    a.value("--format", format_, "format",
            "table, json, or a template such as '{{.Name}}: {{.Status}}' (default table)");
    a.flag("--no-trunc", no_trunc_, "Do not shorten columns");
    a.flag("--orphans", orphans_, "Include services that the compose file does not have (default true)");
    a.flag("-q,--quiet", quiet_, "Show ids only");
    a.flag("--services", services_only_, "Show names of services only");
    a.values("--status", states_, "STATE",
             "paused, restarting, removing, running, dead, created or exited; repeatable");
    a.words(services_, "SERVICE...", "Only containers of these services");
    a.examples(
        "  compose ps\n  compose ps -a silo\n  compose ps --format '{{.Name}}\\t{{.Status}}'\n"
        "  compose ps --format json\n");
  }

  int run(Context& context) override {
    check_filter();
    const bool labels = !format_.empty() && format_ != "table";
    auto containers =
        list_containers(context, context.project_name(),
                        labels ? adapters::State::Labels::with : adapters::State::Labels::without);
    check_services(context, containers, services_);
    std::erase_if(containers, [&](const Listed& c) { return !wanted(c); });
    const auto now = context.clock().wall();
    if (quiet_)
      print_ids(containers, context.out());
    else if (services_only_)
      print_services(containers, context.out());
    else if (format_.empty() || format_ == "table")
      print_table(containers, context.out(), now);
    else
      print_formatted(containers, context.out(), now);
    return 0;
  }

 private:
  void check_filter() {
    if (!filter_.empty()) {
      const auto equals = filter_.find('=');
      const auto key = filter_.substr(0, equals);
      if (equals == std::string::npos)
        throw UsageError(base::text("invalid filter \"{}\": must be status=STATE", filter_));
      if (key != "status") throw UsageError(base::text("unknown filter {}", key));
      states_.push_back(filter_.substr(equals + 1));
    }
    static const std::set<std::string> k_states{"paused", "restarting", "removing", "running",
                                                "dead",   "created",    "exited"};
    for (const auto& state : states_)
      if (!k_states.contains(state)) throw UsageError(base::text("unknown status \"{}\"", state));
  }

  bool wanted(const Listed& c) const {
    if (!services_.empty() && std::ranges::count(services_, c.record.service) == 0) return false;
    if (!states_.empty()) return std::ranges::count(states_, state_word(c.status.state)) > 0;
    return all_ || (is_running(c.status) && !c.record.one_off);
  }

  void print_ids(const std::vector<Listed>& containers, ui::Output& out) const {
    for (const auto& c : containers) out.line(c.record.id.str());
  }

  void print_services(const std::vector<Listed>& containers, ui::Output& out) const {
    std::set<std::string> seen;
    for (const auto& c : containers)
      if (seen.insert(c.record.service).second) out.line(c.record.service);
  }

  std::string command_of(const Listed& c) const { return command_text(c.record.summary, no_trunc_); }

  std::string id_of(const Listed& c) const {
    return no_trunc_ ? c.record.id.str() : c.record.id.short_form();
  }

  void print_table(const std::vector<Listed>& containers, ui::Output& out, Time now) const {
    ui::Table table{{"NAME", "IMAGE", "COMMAND", "SERVICE", "CREATED", "STATUS", "PORTS"}};
    for (const auto& c : containers)
      table.row({c.record.name, c.record.image, command_of(c), c.record.service,
                 age_text(c.record.created_at, now) + " ago", status_text(c.status, now),
                 ports_text(c.record.summary, is_running(c.status))});
    out.write(table.text());
  }

  ui::TemplateObject object_of(const Listed& c, Time now) const {
    const auto& r = c.record;
    std::vector<std::string> mounts;
    std::size_t local_volumes = 0;
    for (const auto& v : r.summary.volumes) {
      mounts.push_back(v.volume);
      ++local_volumes;
    }
    return {.fields = {{"Command", command_of(c)},
                       {"CreatedAt", local_time(r.created_at)},
                       {"ExitCode", c.status.exit_code},
                       {"Health", health_word(c.status.health)},
                       {"ID", id_of(c)},
                       {"Image", r.image},
                       {"Labels", labels_text(r.labels)},
                       {"LocalVolumes", base::text("{}", local_volumes)},
                       {"Mounts", base::join(mounts, ",")},
                       {"Name", r.name},
                       {"Names", r.name},
                       {"Networks", base::join(r.summary.networks, ",")},
                       {"Ports", ports_text(r.summary, is_running(c.status))},
                       {"Project", r.project},
                       {"Publishers", publishers_of(c)},
                       {"RunningFor", age_text(r.created_at, now) + " ago"},
                       {"Service", r.service},
                       {"Size", "0B"},
                       {"State", state_word(c.status.state)},
                       {"Status", status_text(c.status, now)}},
            .labels = r.labels};
  }

  void print_formatted(const std::vector<Listed>& containers, ui::Output& out, Time now) const {
    std::vector<ui::TemplateObject> objects;
    for (const auto& c : containers) objects.push_back(object_of(c, now));
    print_lines(out, format_, "", objects, {{"ID", "CONTAINER ID"}, {"RunningFor", "CREATED"}});
  }

  bool all_ = false;
  std::string filter_;
  std::string format_;
  bool no_trunc_ = false;
  bool orphans_ = true;
  bool quiet_ = false;
  bool services_only_ = false;
  std::vector<std::string> states_;
  std::vector<std::string> services_;
};

}  // namespace

std::unique_ptr<Verb> make_ps() {
  return std::make_unique<PsVerb>();
}

}  // namespace compose::cli
