#include <charconv>
#include <cmath>

#include "base/process.hpp"
#include "base/units.hpp"
#include "compose/lower/lower_project.hpp"
#include "compose/lower/service_lowering.hpp"

namespace compose::lower {

using base::text;

namespace {

constexpr double k_nanos = 1e9;

// deploy.resources wins over the older attributes; the loader has checked that they agree where both are
// there.
void lower_resources(const ServiceLowering& l) {
  const model::Service& s = l.service;
  rt::ResourceSpec& r = l.out.spec.resources;
  const auto* limits = s.deploy && s.deploy->resources.limits ? &*s.deploy->resources.limits : nullptr;
  const auto* reserved =
      s.deploy && s.deploy->resources.reservations ? &*s.deploy->resources.reservations : nullptr;
  const auto set = [](std::optional<std::int64_t>& to, const std::optional<std::int64_t>& from) {
    if (from && *from != 0) to = from;  // 0 is the spelling of "not limited"
  };
  set(r.memory, limits && limits->memory ? limits->memory : s.mem_limit);
  set(r.memory_reservation, reserved && reserved->memory ? reserved->memory : s.mem_reservation);
  set(r.memory_swap, s.memswap_limit);
  // As much swap as memory, when the file limits memory alone.
  if (r.memory && !r.memory_swap) r.memory_swap = *r.memory * 2;
  set(r.memory_swappiness, s.mem_swappiness);
  const std::optional<double> cpus = limits && limits->cpus ? limits->cpus : s.cpus;
  if (cpus && *cpus > 0) r.nano_cpus = std::llround(*cpus * k_nanos);
  set(r.cpu_shares, s.cpu_shares);
  set(r.cpu_period, s.cpu_period);
  set(r.cpu_quota, s.cpu_quota);
  if (!s.cpuset.empty()) r.cpuset_cpus = s.cpuset;
  set(r.pids, limits && limits->pids ? limits->pids : s.pids_limit);
  if (s.blkio_config) set(r.block_io_weight, s.blkio_config->weight);
  set(r.shm_size, s.shm_size);
  r.oom_kill_disable = s.oom_kill_disable;
}

// "always", "on-failure:3"; a deploy.restart_policy replaces it.
void lower_restart(const ServiceLowering& l) {
  rt::RestartPolicy& out = l.out.spec.restart;
  std::string word = l.service.restart;
  if (l.service.deploy && l.service.deploy->restart_policy) {
    const model::RestartPolicy& policy = *l.service.deploy->restart_policy;
    word = policy.condition == "any" ? "always" : policy.condition;
    out.max_retries = static_cast<std::uint32_t>(policy.max_attempts.value_or(0));
  }
  if (const auto colon = word.find(':'); colon != std::string::npos) {
    const std::string digits = word.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.max_retries);
    if (error != std::errc{} || end != digits.data() + digits.size())
      l.fail(text("invalid restart policy \"{}\"", word));
    word.erase(colon);
  }
  if (word.empty() || word == "no" || word == "none")
    out.mode = rt::RestartMode::no;
  else if (word == "always")
    out.mode = rt::RestartMode::always;
  else if (word == "unless-stopped")
    out.mode = rt::RestartMode::unless_stopped;
  else if (word == "on-failure")
    out.mode = rt::RestartMode::on_failure;
  else
    l.fail(text("invalid restart policy \"{}\"", word));
  if (out.mode != rt::RestartMode::on_failure) out.max_retries = 0;
}

// The image's probe with what the file says on top; nullopt: none.
std::optional<rt::HealthSpec> health_of(const ServiceLowering& l) {
  const ImageHealthcheck from_image = l.image.healthcheck.value_or(ImageHealthcheck{});
  std::vector<std::string> test = from_image.test;
  rt::HealthSpec health;
  const auto set = [](std::int64_t& to, std::int64_t image, const std::optional<model::Duration>& file) {
    if (image != 0) to = image;
    if (file && file->count() != 0) to = file->count();
  };
  const model::Healthcheck file = l.service.healthcheck.value_or(model::Healthcheck{});
  if (file.test) test = *file.test;
  if (file.disable || test.empty() || test.front() == "NONE") return std::nullopt;
  set(health.interval, from_image.interval, file.interval);
  set(health.timeout, from_image.timeout, file.timeout);
  set(health.start_period, from_image.start_period, file.start_period);
  set(health.start_interval, from_image.start_interval, file.start_interval);
  if (from_image.retries != 0) health.retries = from_image.retries;
  if (file.retries && *file.retries > 0) health.retries = static_cast<std::uint32_t>(*file.retries);
  if (test.front() == "CMD-SHELL" && test.size() == 2)
    health.test = {"/bin/sh", "-c", test[1]};
  else if (test.front() == "CMD" && test.size() > 1)
    health.test.assign(test.begin() + 1, test.end());
  else
    l.fail("healthcheck.test needs a command after CMD or CMD-SHELL");
  return health;
}

void lower_log(const ServiceLowering& l) {
  if (!l.service.logging) return;
  const model::Logging& logging = *l.service.logging;
  rt::LogSpec& log = l.out.spec.log;
  if (logging.driver == "none") {
    log.enabled = false;
    return;
  }
  if (!logging.driver.empty() && logging.driver != "json-file" && logging.driver != "local") {
    l.warn(text("logging driver \"{}\" is not available, the output is kept in files", logging.driver));
    return;
  }
  for (const auto& [name, value] : logging.options) {
    if (name == "max-size") {
      const auto size = base::parse_bytes(value);
      if (!size) l.fail(text("logging option max-size: not a size: \"{}\"", value));
      if (*size > 0) log.max_size = static_cast<std::uint64_t>(*size);
    } else if (name == "max-file") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), log.max_files);
      if (error != std::errc{} || end != value.data() + value.size() || log.max_files == 0)
        l.fail(text("logging option max-file: not a number above 0: \"{}\"", value));
    } else {
      l.warn(text("logging option \"{}\" is not available, ignoring", name));
    }
  }
}

}  // namespace

void lower_life(const ServiceLowering& l) {
  lower_resources(l);
  lower_restart(l);
  l.out.spec.health = health_of(l);
  lower_log(l);
  if (!l.service.pre_start.empty()) l.fail("`pre_start` hooks are not available");
  l.out.post_start = lower_hooks(l.service.post_start);
  l.out.pre_stop = lower_hooks(l.service.pre_stop);
  const std::string& signal = l.service.stop_signal.empty() ? l.image.stop_signal : l.service.stop_signal;
  if (!signal.empty()) {
    const auto number = base::parse_signal(signal);
    if (!number) l.fail(text("unknown signal \"{}\"", signal));
    l.out.spec.stop_signal = *number;
  }
  if (l.service.stop_grace_period) l.out.spec.stop_grace = l.service.stop_grace_period->count();
}

std::vector<sched::HookSpec> lower_hooks(const std::vector<model::Hook>& hooks) {
  std::vector<sched::HookSpec> result;
  for (const model::Hook& hook : hooks) {
    sched::HookSpec out{.argv = hook.command.value_or(model::Strings{}),
                        .directory = hook.working_dir,
                        .user = hook.user,
                        .privileged = hook.privileged};
    if (out.argv.empty()) throw base::Error("a hook needs a command");
    for (const auto& [key, value] : hook.environment)
      if (value) out.environment.push_back(key + "=" + *value);
    result.push_back(std::move(out));
  }
  return result;
}

}  // namespace compose::lower
