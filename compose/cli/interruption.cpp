#include "compose/cli/interruption.hpp"

#include <variant>
#include <vector>

#include "base/text.hpp"

namespace compose::cli {
namespace {

using base::text;

struct Remainder {
  std::vector<std::string> stopping;
  std::vector<std::string> with_hook;
  std::vector<std::string> stopped;
};

Remainder remainder_of(const sched::Plan& plan, const sched::Outcome& outcome) {
  Remainder remainder;
  const auto name_of = [&](sched::StepId id) { return sched::container_of(plan.step(id).operation)->name; };
  for (const auto id : outcome.going_on) {
    const bool hook = std::holds_alternative<sched::RunHook>(plan.step(id).operation);
    (hook ? remainder.with_hook : remainder.stopping).push_back(name_of(id));
  }
  for (const auto id : outcome.not_started) remainder.stopped.push_back(name_of(id));
  return remainder;
}

std::string counted_containers(const std::vector<std::string>& names) {
  return text("container{} {}", names.size() == 1 ? "" : "s", base::join(names, ", "));
}

}  // namespace

std::string interruption_text(const sched::Plan& plan, const sched::Outcome& outcome, std::string_view verb) {
  const auto [stopping, with_hook, stopped] = remainder_of(plan, outcome);
  std::vector<std::string> parts;
  if (stopping.size() == 1)
    parts.push_back(
        text("{} is still stopping, and is killed when its time is over", counted_containers(stopping)));
  else if (!stopping.empty())
    parts.push_back(
        text("{} are still stopping, and are killed when their time is over", counted_containers(stopping)));
  if (!with_hook.empty()) parts.push_back(text("a hook goes on in {}", counted_containers(with_hook)));
  if (!stopped.empty())
    parts.push_back(
        text("{} {} not started again", counted_containers(stopped), stopped.size() == 1 ? "is" : "are"));
  if (parts.empty()) return {};
  return text("interrupted: {}; \"compose {}\" goes on from there", base::join(parts, "; "), verb);
}

}  // namespace compose::cli
