#include "compose/cli/bring_up.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sys.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/state.hpp"
#include "compose/cli/times.hpp"
#include "compose/loader/render_config.hpp"
#include "compose/lower/host_cpus.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/ui/style.hpp"

namespace compose::cli {
namespace {

bool environment_true(const char* name) {
  const auto value = base::sys::environment(name);
  return value && (*value == "1" || *value == "true");
}

void check_pull_option(const std::optional<std::string>& pull) {
  static constexpr std::array<std::string_view, 5> k_known{"always", "missing", "never", "build", "policy"};
  if (pull && std::ranges::find(k_known, *pull) == k_known.end())
    throw UsageError(base::text(
        "unsupported --pull value \"{}\": must be always, missing, never, build or policy", *pull));
}

void check_options(const UpOptions& o) {
  if (o.force_recreate && o.no_recreate)
    throw UsageError("--force-recreate and --no-recreate are incompatible");
  if (o.always_recreate_deps && o.no_recreate)
    throw UsageError("--always-recreate-deps and --no-recreate are incompatible");
  if (o.renew_volumes && o.no_recreate)
    throw UsageError("--renew-anon-volumes and --no-recreate are incompatible");
  if (o.images.build && o.images.no_build) throw UsageError("--build and --no-build are incompatible");
  check_pull_option(o.images.pull);
  if (o.timeout && *o.timeout < 0) throw UsageError("--timeout must be 0 or more");
  if (o.wait_timeout && *o.wait_timeout < 0)
    throw UsageError("--wait-timeout must be a non-negative integer");
}

sched::ReconcileOptions reconcile_options(const UpOptions& o) {
  using sched::Recreate;
  sched::ReconcileOptions r;
  r.selected = o.services;
  r.no_dependencies = o.no_deps;
  r.recreate = o.force_recreate ? Recreate::always
               : o.no_recreate  ? Recreate::never
                                : Recreate::when_different;
  r.recreate_dependencies = o.always_recreate_deps ? Recreate::always
                            : o.no_recreate        ? Recreate::never
                                                   : Recreate::when_different;
  r.start = o.start;
  r.wait = o.wait;
  r.remove_orphans = o.remove_orphans || environment_true("COMPOSE_REMOVE_ORPHANS");
  r.ignore_orphans = environment_true("COMPOSE_IGNORE_ORPHANS");
  if (r.ignore_orphans && r.remove_orphans)
    throw UsageError("cannot combine COMPOSE_IGNORE_ORPHANS and --remove-orphans");
  r.renew_anonymous_volumes = o.renew_volumes;
  r.stop_grace = given_seconds(o.timeout);
  return r;
}

// "0-3"; empty where the kernel does not say.
std::string online_cpus() {
  auto list =
      base::read_file_if_exists(base::HostPath{"/sys/devices/system/cpu/online"}, 1U << 16U).value_or("");
  while (list.ends_with('\n')) list.pop_back();
  return list;
}

void check_file(const model::Service& service, std::string_view kind, const std::string& name,
                const std::map<std::string, model::FileObject>& objects) {
  const auto object = objects.find(name);
  if (object == objects.end() || object->second.file.empty()) return;
  if (!base::sys::exists(base::HostPath{base::clean_path(object->second.file)}))
    base::fail("service \"{}\": {} \"{}\": the file '{}' does not exist", service.name, kind, name,
               object->second.file);
}

// What services are given as files is there, before anything is pulled or made.
void check_files(const model::Project& project) {
  for (const auto& [name, service] : project.services) {
    for (const auto& grant : service.secrets) check_file(service, "secret", grant.source, project.secrets);
    for (const auto& grant : service.configs) check_file(service, "config", grant.source, project.configs);
  }
}

}  // namespace

void UpOptions::declare_create(Arguments& a) {
  a.flag("--build", images.build, "Build images before starting containers");
  a.flag("--force-recreate", force_recreate, "Make containers anew even where nothing changed");
  a.flag("--no-build", images.no_build, "Do not build images, even where they are missing");
  a.flag("--no-recreate", no_recreate, "Keep containers that exist, even where something changed");
  a.value("--pull", images.pull, "policy", "always, missing, never, build or policy (default policy)");
  a.flag("--remove-orphans", remove_orphans,
         "Remove containers of services that the compose file does not have");
  a.values("--scale", scale, "SERVICE=N", "Number of containers of a service; repeatable");
  a.flag("-y,--yes,--y", yes, "Answer yes to all questions");
  a.flag("--quiet-pull", images.quiet_pull, "Show no layers while pulling");
  a.words(services, "SERVICE...", "Services, with what they depend on (default: all)");
}

std::optional<std::chrono::nanoseconds> UpOptions::wait_limit() const {
  return given_seconds(wait_timeout);
}

std::map<std::string, std::uint32_t> parse_scale(const std::vector<std::string>& words) {
  std::map<std::string, std::uint32_t> scale;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError(base::text("invalid scale specifier \"{}\": expected SERVICE=NUMBER", word));
    const auto number = word.substr(equals + 1);
    std::uint32_t count = 0;
    const auto end = std::from_chars(number.data(), number.data() + number.size(), count);
    if (end.ec != std::errc{} || end.ptr != number.data() + number.size() || number.empty())
      throw UsageError(
          base::text("invalid scale specifier \"{}\": \"{}\" must be a number, 0 or more", word, number));
    scale[word.substr(0, equals)] = count;
  }
  return scale;
}

Wanted want(Context& context, const UpOptions& options) {
  auto load = context.load_options();
  load.services = options.services;
  load.with_dependencies = !options.no_deps;
  return want(context, load, options);
}

Wanted want(Context& context, const loader::LoadOptions& load, const UpOptions& options,
            const std::function<void(model::Project&)>& adjust) {
  check_options(options);
  const auto scale = parse_scale(options.scale);
  static_cast<void>(context.state());  // who is not root learns it before anything is built
  Wanted wanted{.project = context.load(load).project};
  if (wanted.project.services.empty()) base::fail("no service selected");
  if (adjust) adjust(wanted.project);
  lower::check_host_cpus(wanted.project, online_cpus());
  check_files(wanted.project);
  for (const auto& [service, count] : scale)
    if (!wanted.project.services.contains(service)) base::fail("no such service: {}", service);
  const auto images = provide_images(context, wanted.project, options.images);
  const lower::Hashes hashes{.service = loader::service_config_hash,
                             .network = loader::network_config_hash,
                             .volume = loader::volume_config_hash};
  auto lowered =
      lower::lower_project({.project = wanted.project, .images = images, .hashes = hashes, .scale = scale});
  for (const auto& warning : lowered.warnings) context.warn(warning);
  wanted.state = std::move(lowered.state);
  context.phase_done("lower");
  return wanted;
}

Prepared prepare(Context& context, const Wanted& wanted, const UpOptions& options) {
  const auto& name = wanted.state.project;
  context.lock_project(name);
  auto& state = context.state();
  if (!context.options().dry_run)
    state.put_project({name, wanted.project.working_directory, wanted.project.config_files});
  Prepared prepared;
  prepared.observed = adapters::observe(state, context.networks(), context.paths(), name, &wanted.state);
  context.phase_done("observe");
  auto reconcile = reconcile_options(options);
  for (const auto& volume : sched::changed_volumes(wanted.state, prepared.observed)) {
    const auto question = base::text(
        "Volume \"{}\" exists but doesn't match configuration in compose file. Recreate (data will be lost)?",
        volume);
    if (options.yes || (ui::is_terminal(STDIN_FILENO) && context.ask(question)))
      reconcile.recreate_volumes.insert(volume);
  }
  prepared.plan = sched::reconcile(wanted.state, prepared.observed, reconcile);
  context.phase_done("reconcile");
  return prepared;
}

}  // namespace compose::cli
