// Waits for conditions: looks at each container once, then sleeps until the runtime says that one of those
// still pending has changed.
#include "base/text.hpp"
#include "base/units.hpp"
#include "scheduler/condition.hpp"
#include "scheduler/execution.hpp"

namespace compose::sched {

void Execution::tell_wait(const AwaitCondition& wait, Phase phase, const std::string& text,
                          const std::string& details) {
  if (wait.until == Until::started && phase != Phase::warning) return;
  for (const ContainerRef& container : wait.containers)
    effects_.progress.update("Container " + container.name, phase, text, details);
}

Task<void> Execution::run_wait(const Step& step) {
  const auto& wait = std::get<AwaitCondition>(step.operation);
  if (const std::string& poison = node(step).poison; !poison.empty()) {
    end_wait(step, wait, failure_text(wait, poison));
    co_return;
  }
  tell_wait(wait, Phase::working, "Waiting");
  std::vector<const ContainerRef*> pending;
  for (const ContainerRef& container : wait.containers) pending.push_back(&container);
  std::string last;  // of those pending, what a timeout would name
  while (!interrupted()) {
    std::vector<const ContainerRef*> still;
    std::vector<rt::ContainerId> ids;
    last.clear();
    for (const ContainerRef* container : pending) {
      const rt::ContainerId id = id_of(*container);
      const std::optional<rt::ContainerStatus> status = effects_.runtime.status(id);
      const Verdict verdict = judge(*container, wait.until, status);
      if (verdict.kind == Verdict::Kind::failed) {
        end_wait(step, wait, failure_text(wait, verdict.why));
        co_return;
      }
      if (verdict.kind == Verdict::Kind::fulfilled) continue;
      if (last.empty()) last = still_pending(*container, status);
      still.push_back(container);
      ids.push_back(id);
    }
    if (still.empty()) {
      tell_wait(wait, Phase::done, wait.until == Until::completed_successfully ? "Exited" : "Healthy");
      done(step);
      co_return;
    }
    pending = std::move(still);
    if (effects_.clock.monotonic() >= deadline_) {
      const std::string limit = base::format_duration(*options_.wait_timeout);
      end_wait(step, wait, base::text("application not healthy after {}: {}", limit, last));
      co_return;
    }
    (void)co_await effects_.runtime.status_changed(ids, deadline_);
  }
  skip(step);
}

void Execution::end_wait(const Step& step, const AwaitCondition& wait, const std::string& why) {
  if (wait.required) {
    tell_wait(wait, Phase::error, "Error", why);
    failed(step, "", why);
    return;
  }
  tell_wait(wait, Phase::warning, "Skipped");  // why is in the warning
  outcome_.warnings.push_back(why);
  done(step);
}

}  // namespace compose::sched
