#include "compose/cli/execute.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "compose/adapters/observe.hpp"
#include "compose/adapters/paths.hpp"
#include "compose/adapters/project_lock.hpp"
#include "compose/cli/session.hpp"
#include "compose/loader/load_project.hpp"

namespace compose::cli {
namespace {

bool has_container(const std::vector<sched::ObservedContainer>& containers, const std::string& service) {
  return std::ranges::any_of(containers, [&](const auto& c) { return c.service == service; });
}

// Of the whole file, whatever profiles are active.
std::map<std::string, model::Service> services_of_file(Context& context) {
  if (!context.has_files()) return {};
  auto options = context.load_options();
  options.all_services = true;
  options.resolve_environment = false;
  return loader::load_project(options).project.services;
}

sched::ServiceGraph graph_of_file(const std::map<std::string, model::Service>& services) {
  std::vector<sched::ServiceNode> nodes;
  for (const auto& [name, service] : services) {
    sched::ServiceNode node{.name = name};
    for (const auto& [on, how] : service.depends_on)
      node.dependencies.push_back({.service = on,
                                   .condition = static_cast<sched::Condition>(how.condition),
                                   .required = how.required,
                                   .restart = how.restart});
    nodes.push_back(std::move(node));
  }
  return sched::ServiceGraph::build(std::move(nodes));
}

// Being made, started, watched until it is healthy, or stopped.
bool is_on_its_way(const sched::ObservedContainer& container) {
  using rt::ContainerState;
  const auto& status = container.status;
  return status.stopping || status.health == rt::Health::starting || !container.complete ||
         status.state == ContainerState::created || status.state == ContainerState::restarting;
}

bool takes_away(Access access) {
  return access == Access::take_away_or_wait || access == Access::take_away_or_pass;
}

// With services of its own a command ends another one, or waits for it, only for what that one has under its
// hands, and does neither for a name that does not exist.
Access access_beside_others(Context& context, const std::string& project,
                            const std::vector<std::string>& services, Access access) {
  if (services.empty() || context.options().dry_run ||
      !adapters::ProjectLock::is_held(context.paths(), project))
    return access;
  const auto containers =
      adapters::observe(context.state(), context.networks(), context.paths(), project, nullptr).containers;
  check_services(context, containers, services);
  const bool meets = std::ranges::any_of(containers, [&](const auto& c) {
    return std::ranges::find(services, c.service) != services.end() && is_on_its_way(c);
  });
  if (meets) return access;
  return access == Access::take_away_or_wait ? Access::wait : Access::look;
}

}  // namespace

void execute_plan(Context& context, const sched::Plan& plan, const sched::DesiredState& desired,
                  const Waiting& waiting) {
  if (context.options().dry_run) {
    for (const auto& warning : plan.warnings()) context.warn(warning);
    for (const auto& step : plan.steps())
      context.say_of_dry_run(
          base::text("{} ({})", sched::describe(step.operation), sched::cause_without_numbers(plan, step)));
    return;
  }
  Session session{context, desired};
  if (waiting.unlocked) session.wait_unlocked();
  session.execute(plan, {.wait_timeout = waiting.timeout});
}

void check_services(Context& context, const std::vector<sched::ObservedContainer>& containers,
                    const std::vector<std::string>& services) {
  std::optional<std::map<std::string, model::Service>> of_file;
  for (const auto& service : services) {
    if (has_container(containers, service)) continue;
    if (!of_file) of_file = services_of_file(context);
    if (!of_file->contains(service)) base::fail("no such service: {}", service);
  }
}

ExistingProject existing_project(Context& context, const std::vector<std::string>& services, Access access) {
  const auto name = context.project_name();
  if (takes_away(access) || access == Access::pass_or_wait)
    access = access_beside_others(context, name, services, access);
  if (access != Access::look)
    context.lock_project(name, takes_away(access) ? adapters::OnHolder::end_it : adapters::OnHolder::wait);
  auto observed = adapters::observe(context.state(), context.networks(), context.paths(), name, nullptr);
  context.phase_done("observe");
  const bool all_have_containers =
      !observed.containers.empty() &&
      std::ranges::all_of(services, [&](const auto& s) { return has_container(observed.containers, s); });
  if (all_have_containers) {
    auto graph = sched::ServiceGraph::of(observed);
    return {.nothing = {.project = name}, .observed = std::move(observed), .graph = std::move(graph)};
  }
  check_services(context, observed.containers, services);
  return {.nothing = {.project = name},
          .observed = std::move(observed),
          .graph = graph_of_file(services_of_file(context))};
}

}  // namespace compose::cli
