#include "scheduler/condition.hpp"

#include "base/text.hpp"
#include "scheduler/replica_state.hpp"

namespace compose::sched {

using base::text;
using rt::ContainerState;
using rt::ContainerStatus;
using rt::Health;

namespace {

constexpr std::size_t k_longest_reason = 500;

// Leading and trailing white space gone, cut to what fits a message.
std::string trimmed(const std::string& output) {
  const auto first = output.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  const auto last = output.find_last_not_of(" \t\r\n");
  return output.substr(first, std::min(last - first + 1, k_longest_reason));
}

Verdict fulfilled() {
  return {Verdict::Kind::fulfilled, {}};
}
Verdict pending() {
  return {};
}
Verdict failed(std::string why) {
  return {Verdict::Kind::failed, std::move(why)};
}

std::string with_reason(std::string message, const std::string& reason) {
  const std::string why = trimmed(reason);
  return why.empty() ? message : message + ": " + why;
}

Verdict exited(const ContainerRef& c, const ContainerStatus& status) {
  const std::string reason = status.oom_killed ? "out of memory" : status.error;
  return failed(with_reason(text("container {} exited ({})", c.name, status.exit_code), reason));
}

Verdict judge_health(const ContainerRef& c, const ContainerStatus& status) {
  if (status.health == Health::healthy) return fulfilled();
  if (status.health == Health::unhealthy)
    return failed(with_reason(text("container {} is unhealthy", c.name), status.health_output));
  return pending();
}

Verdict judge_healthy(const ContainerRef& c, const ContainerStatus& status) {
  if (has_ended(status)) return exited(c, status);
  if (!is_up(status)) return pending();
  if (status.health == Health::none)
    return failed(text("container {} has no healthcheck configured", c.name));
  return judge_health(c, status);
}

// A one-shot that ended with 0 and is not going to be restarted has done what it is for.
Verdict judge_ready(const ContainerRef& c, const ContainerStatus& status) {
  if (has_ended(status))
    return status.exit_code == 0 && status.error.empty() ? fulfilled() : exited(c, status);
  if (!is_up(status)) return pending();
  return status.health == Health::none ? fulfilled() : judge_health(c, status);
}

Verdict judge_completed(const ContainerRef& c, const ContainerStatus& status) {
  if (!has_ended(status)) return pending();
  if (status.exit_code == 0 && status.error.empty()) return fulfilled();
  return failed(
      with_reason(text("service \"{}\" didn't complete successfully: exit {}", c.service, status.exit_code),
                  status.oom_killed ? "out of memory" : status.error));
}

}  // namespace

Verdict judge(const ContainerRef& container, Until until, const std::optional<ContainerStatus>& status) {
  if (!status) return failed(text("container {} was removed", container.name));
  switch (until) {
    case Until::started:
      return fulfilled();
    case Until::healthy:
      return judge_healthy(container, *status);
    case Until::completed_successfully:
      return judge_completed(container, *status);
    case Until::ready:
      return judge_ready(container, *status);
  }
  return pending();
}

std::string failure_text(const AwaitCondition& wait, const std::string& why) {
  if (!wait.required) return text("optional dependency \"{}\" failed to start: {}", wait.service, why);
  return wait.until == Until::healthy ? "dependency failed to start: " + why : why;
}

std::string still_pending(const ContainerRef& container, const std::optional<ContainerStatus>& status) {
  if (!status) return text("container {} was removed", container.name);
  switch (status->state) {
    case ContainerState::created:
      return text("container {} is not started", container.name);
    case ContainerState::restarting:
      return text("container {} is restarting ({})", container.name, status->exit_code);
    case ContainerState::running:
    case ContainerState::paused:
      if (status->health == Health::starting)
        return with_reason(text("container {} is starting", container.name), status->health_output);
      return text("container {} is running", container.name);
    case ContainerState::exited:
    case ContainerState::dead:
      return text("container {} exited ({})", container.name, status->exit_code);
  }
  return {};
}

}  // namespace compose::sched
