#include "scheduler/plan.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace compose::sched {
namespace {

using base::text;

std::string object_of(const Operation& operation) {
  if (const ContainerRef* container = container_of(operation)) return "Container " + container->name;
  return std::visit(
      [](const auto& op) -> std::string {
        using Op = std::remove_cvref_t<decltype(op)>;
        if constexpr (std::is_same_v<Op, CreateVolume> || std::is_same_v<Op, RemoveVolume>)
          return "Volume " + op.name;
        if constexpr (std::is_same_v<Op, CreateNetwork> || std::is_same_v<Op, RemoveNetwork>)
          return "Network " + op.name;
        if constexpr (std::is_same_v<Op, AwaitCondition>) return "Service " + op.service;
        return {};
      },
      operation);
}

std::string service_of(const Operation& operation) {
  if (const ContainerRef* container = container_of(operation)) return container->service;
  const auto* wait = std::get_if<AwaitCondition>(&operation);
  return wait ? wait->service : std::string{};
}

std::string number_of(StepId id) {
  return text("#{}", static_cast<std::uint32_t>(id));
}

std::string cause_of(const Step& step) {
  return step.by == StepId::none ? step.cause : text("{} by {}", step.cause, number_of(step.by));
}

base::Json json_of(const Step& step) {
  base::Json json{{"id", static_cast<std::uint32_t>(step.id)},
                  {"operation", kind_of(step.operation)},
                  {"description", describe(step.operation)}};
  if (const std::string object = object_of(step.operation); !object.empty()) json["object"] = object;
  if (const std::string service = service_of(step.operation); !service.empty()) json["service"] = service;
  json["cause"] = cause_of(step);
  json["after"] = base::Json::array();
  for (const StepId id : step.after) json["after"].push_back(static_cast<std::uint32_t>(id));
  return json;
}

}  // namespace

StepId Plan::add(Operation operation, std::vector<StepId> after, std::string cause, StepId by) {
  std::erase(after, StepId::none);
  std::ranges::sort(after);
  const auto repeated = std::ranges::unique(after);
  after.erase(repeated.begin(), repeated.end());
  const StepId id = next_id();
  if (!after.empty() && after.back() >= id)
    base::fail("step {} of a plan waits for a later one", static_cast<std::uint32_t>(id));
  steps_.push_back(Step{id, std::move(operation), std::move(after), std::move(cause), by});
  return id;
}

StepId Plan::join(std::vector<StepId> steps, std::string milestone) {
  std::erase(steps, StepId::none);
  if (steps.empty()) return StepId::none;
  if (steps.size() == 1) return steps.front();
  return add(Milestone{std::move(milestone)}, std::move(steps), "");
}

std::string cause_without_numbers(const Plan& plan, const Step& step) {
  // That what starts was made or stopped by a step of its own need not be said.
  if (step.by == StepId::none || std::holds_alternative<StartContainer>(step.operation)) return step.cause;
  const auto* made = std::get_if<CreateContainer>(&plan.step(step.by).operation);
  return made ? text("{} by {}", step.cause, made->created_as) : step.cause;
}

std::string to_text(const Plan& plan) {
  std::string out;
  for (const Step& step : plan.steps()) {
    out += text("{} {}", number_of(step.id), describe(step.operation));
    if (!step.cause.empty()) out += text(" ({})", cause_of(step));
    if (!step.after.empty()) out += " after";
    for (const StepId id : step.after) out += " " + number_of(id);
    out += '\n';
  }
  return out;
}

std::string to_json_text(const Plan& plan) {
  base::Json json{
      {"steps", base::Json::array()}, {"running", base::Json::array()}, {"warnings", base::Json::array()}};
  for (const Step& step : plan.steps()) json["steps"].push_back(json_of(step));
  for (const ContainerRef& container : plan.kept()) json["running"].push_back(container.name);
  for (const std::string& warning : plan.warnings()) json["warnings"].push_back(warning);
  return json.dump(2, ' ', false, base::Json::error_handler_t::replace) + "\n";
}

}  // namespace compose::sched
