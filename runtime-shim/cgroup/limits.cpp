#include "runtime-shim/cgroup/limits.hpp"

#include <cmath>

#include "base/error.hpp"

namespace compose::rt {
namespace {

constexpr std::int64_t k_default_period = 100'000;
constexpr std::int64_t k_nano = 1'000'000'000;

std::string number(std::int64_t value) {
  return std::to_string(value);
}

void check_memory(const ResourceSpec& r) {
  if (r.memory && *r.memory > 0 && *r.memory < k_least_memory)
    base::fail("memory limit {} is below the minimum of 6 MiB", *r.memory);
  if (r.memory_swap && *r.memory_swap > 0) {
    if (!r.memory || *r.memory <= 0) base::fail("a memory and swap limit needs a memory limit");
    if (*r.memory_swap < *r.memory)
      base::fail("memory and swap limit {} is below the memory limit {}", *r.memory_swap, *r.memory);
  }
  if (r.memory_reservation && r.memory && *r.memory > 0 && *r.memory_reservation > *r.memory)
    base::fail("memory reservation {} is above the memory limit {}", *r.memory_reservation, *r.memory);
  if (r.memory_swappiness && (*r.memory_swappiness < -1 || *r.memory_swappiness > 100))
    base::fail("memory swappiness {} is not between 0 and 100", *r.memory_swappiness);
}

void check_cpu(const ResourceSpec& r) {
  if (r.nano_cpus && *r.nano_cpus > 0 &&
      ((r.cpu_quota && *r.cpu_quota > 0) || (r.cpu_period && *r.cpu_period > 0)))
    base::fail("a number of CPUs cannot be combined with a CPU period or quota");
  if (r.cpu_period && *r.cpu_period != 0 && (*r.cpu_period < 1000 || *r.cpu_period > 1'000'000))
    base::fail("CPU period {} is not between 1000 and 1000000 microseconds", *r.cpu_period);
  if (r.cpu_quota && *r.cpu_quota > 0 && *r.cpu_quota < 1000)
    base::fail("CPU quota {} is below 1000 microseconds", *r.cpu_quota);
  if (r.block_io_weight && *r.block_io_weight != 0 && (*r.block_io_weight < 10 || *r.block_io_weight > 1000))
    base::fail("block io weight {} is not between 10 and 1000", *r.block_io_weight);
}

void check_resources(const ResourceSpec& r) {
  check_memory(r);
  check_cpu(r);
}

struct CpuTime {
  std::int64_t quota = 0;   // 0: no limit
  std::int64_t period = 0;  // 0: the kernel's
};

CpuTime cpu_time(const ResourceSpec& r) {
  if (r.nano_cpus && *r.nano_cpus > 0) return {*r.nano_cpus / (k_nano / k_default_period), k_default_period};
  return {.quota = r.cpu_quota.value_or(0), .period = r.cpu_period.value_or(0)};
}

bool positive(const std::optional<std::int64_t>& value) {
  return value && *value > 0;
}

void plan_cpuset(const ResourceSpec& r, LimitPlan& plan) {
  if (r.cpuset_cpus && !r.cpuset_cpus->empty())
    plan.writes.push_back({.controller = "cpuset", .file = "cpuset.cpus", .value = *r.cpuset_cpus});
  if (r.cpuset_mems && !r.cpuset_mems->empty())
    plan.writes.push_back({.controller = "cpuset", .file = "cpuset.mems", .value = *r.cpuset_mems});
}

void plan_pids(const ResourceSpec& r, LimitPlan& plan) {
  if (positive(r.pids))
    plan.writes.push_back({.controller = "pids", .file = "pids.max", .value = number(*r.pids)});
}

void plan_memory_v1(const ResourceSpec& r, LimitPlan& plan) {
  if (positive(r.memory)) {
    plan.writes.push_back(
        {.controller = "memory", .file = "memory.limit_in_bytes", .value = number(*r.memory)});
    const std::int64_t swap = r.memory_swap.value_or(0) == 0 ? *r.memory * 2 : *r.memory_swap;
    plan.writes.push_back({.controller = "memory",
                           .file = "memory.memsw.limit_in_bytes",
                           .value = number(swap),
                           .optional = true});
  }
  if (positive(r.memory_reservation))
    plan.writes.push_back({.controller = "memory",
                           .file = "memory.soft_limit_in_bytes",
                           .value = number(*r.memory_reservation)});
  if (r.memory_swappiness && *r.memory_swappiness >= 0)
    plan.writes.push_back({.controller = "memory",
                           .file = "memory.swappiness",
                           .value = number(*r.memory_swappiness),
                           .optional = true});
  if (r.oom_kill_disable)
    plan.writes.push_back(
        {.controller = "memory", .file = "memory.oom_control", .value = "1", .optional = true});
}

void plan_memory_v2(const ResourceSpec& r, LimitPlan& plan) {
  if (positive(r.memory)) {
    plan.writes.push_back({.controller = "memory", .file = "memory.max", .value = number(*r.memory)});
    const std::int64_t with_swap = r.memory_swap.value_or(0);
    const std::string swap = with_swap < 0    ? "max"
                             : with_swap == 0 ? number(*r.memory)
                                              : number(with_swap - *r.memory);
    plan.writes.push_back(
        {.controller = "memory", .file = "memory.swap.max", .value = swap, .optional = true});
  }
  if (positive(r.memory_reservation))
    plan.writes.push_back(
        {.controller = "memory", .file = "memory.low", .value = number(*r.memory_reservation)});
  if (r.memory_swappiness && *r.memory_swappiness >= 0)
    plan.warnings.emplace_back("memory swappiness is not set: cgroup v2 has none");
  if (r.oom_kill_disable)
    plan.warnings.emplace_back("disabling the OOM killer is not possible with cgroup v2");
}

}  // namespace

std::uint64_t weight_of_shares(std::uint64_t shares) {
  if (shares == 0) return 0;
  if (shares <= 2) return 1;
  if (shares >= 262144) return 10000;
  const double l = std::log2(static_cast<double>(shares));
  return static_cast<std::uint64_t>(std::ceil(std::pow(10.0, (l * l + 125.0 * l) / 612.0 - 7.0 / 34.0)));
}

std::uint64_t weight_of_block_io(std::uint64_t weight) {
  return 1 + (weight - 10) * 9999 / 990;
}

LimitPlan plan_limits_v1(const ResourceSpec& r) {
  check_resources(r);
  LimitPlan plan;
  plan_memory_v1(r, plan);
  const CpuTime cpu = cpu_time(r);
  if (cpu.period > 0)
    plan.writes.push_back({.controller = "cpu", .file = "cpu.cfs_period_us", .value = number(cpu.period)});
  if (cpu.quota > 0)
    plan.writes.push_back({.controller = "cpu", .file = "cpu.cfs_quota_us", .value = number(cpu.quota)});
  if (positive(r.cpu_shares))
    plan.writes.push_back({.controller = "cpu", .file = "cpu.shares", .value = number(*r.cpu_shares)});
  plan_cpuset(r, plan);
  plan_pids(r, plan);
  if (positive(r.block_io_weight))
    plan.writes.push_back({.controller = "blkio",
                           .file = "blkio.weight",
                           .value = number(*r.block_io_weight),
                           .fallback = "blkio.bfq.weight",
                           .optional = true});
  return plan;
}

LimitPlan plan_limits_v2(const ResourceSpec& r) {
  check_resources(r);
  LimitPlan plan;
  plan_memory_v2(r, plan);
  const CpuTime cpu = cpu_time(r);
  if (cpu.quota > 0 || cpu.period > 0) {
    const std::string quota = cpu.quota > 0 ? number(cpu.quota) : "max";
    const std::int64_t period = cpu.period > 0 ? cpu.period : k_default_period;
    plan.writes.push_back({.controller = "cpu", .file = "cpu.max", .value = quota + " " + number(period)});
  }
  if (positive(r.cpu_shares))
    plan.writes.push_back(
        {.controller = "cpu",
         .file = "cpu.weight",
         .value = std::to_string(weight_of_shares(static_cast<std::uint64_t>(*r.cpu_shares)))});
  plan_cpuset(r, plan);
  plan_pids(r, plan);
  if (positive(r.block_io_weight))
    plan.writes.push_back(
        {.controller = "io",
         .file = "io.weight",
         .value = std::to_string(weight_of_block_io(static_cast<std::uint64_t>(*r.block_io_weight))),
         .fallback = "io.bfq.weight",
         .optional = true});
  return plan;
}

}  // namespace compose::rt
