#include "runtime-shim/cgroup/limits.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::rt;

namespace {

std::string text_of(const LimitPlan& plan) {
  std::string out;
  for (const auto& w : plan.writes) out += w.file + " " + w.value + "\n";
  for (const auto& w : plan.warnings) out += "warning: " + w + "\n";
  return out;
}

ResourceSpec everything() {
  ResourceSpec r;
  r.memory = 64 << 20;
  r.memory_reservation = 32 << 20;
  r.memory_swap = 96 << 20;
  r.memory_swappiness = 10;
  r.nano_cpus = 1'500'000'000;
  r.cpu_shares = 1024;
  r.cpuset_cpus = "0-1";
  r.pids = 50;
  r.block_io_weight = 500;
  return r;
}

}  // namespace

TEST_SUITE("runtime/cgroup/limits") {
  TEST_CASE("v2 knobs") {
    CHECK(text_of(plan_limits_v2(everything())) ==
          "memory.max 67108864\n"
          "memory.swap.max 33554432\n"
          "memory.low 33554432\n"
          "cpu.max 150000 100000\n"
          "cpu.weight 100\n"
          "cpuset.cpus 0-1\n"
          "pids.max 50\n"
          "io.weight 4950\n"
          "warning: memory swappiness is not set: cgroup v2 has none\n");
  }

  TEST_CASE("v1 knobs") {
    CHECK(text_of(plan_limits_v1(everything())) ==
          "memory.limit_in_bytes 67108864\n"
          "memory.memsw.limit_in_bytes 100663296\n"
          "memory.soft_limit_in_bytes 33554432\n"
          "memory.swappiness 10\n"
          "cpu.cfs_period_us 100000\n"
          "cpu.cfs_quota_us 150000\n"
          "cpu.shares 1024\n"
          "cpuset.cpus 0-1\n"
          "pids.max 50\n"
          "blkio.weight 500\n");
  }

  TEST_CASE("nothing said is nothing written; -1 is no limit") {
    ResourceSpec r;
    CHECK(text_of(plan_limits_v1(r)) == "");
    r.pids = -1;
    r.memory_swap = -1;
    CHECK(text_of(plan_limits_v2(r)) == "");
  }

  TEST_CASE("swap without a word about it is as much again as the memory, on both") {
    ResourceSpec r;
    r.memory = 10 << 20;
    CHECK(text_of(plan_limits_v1(r)) ==
          "memory.limit_in_bytes 10485760\nmemory.memsw.limit_in_bytes 20971520\n");
    CHECK(text_of(plan_limits_v2(r)) == "memory.max 10485760\nmemory.swap.max 10485760\n");
  }

  TEST_CASE("shares become weights as in runc") {
    CHECK(weight_of_shares(0) == 0);
    CHECK(weight_of_shares(2) == 1);
    CHECK(weight_of_shares(512) == 59);
    CHECK(weight_of_shares(1024) == 100);
    CHECK(weight_of_shares(262144) == 10000);
    CHECK(weight_of_block_io(10) == 1);
    CHECK(weight_of_block_io(1000) == 10000);
  }

  TEST_CASE("values that cannot be are refused") {
    ResourceSpec r;
    r.memory = 1 << 20;
    CHECK_THROWS_WITH_AS(plan_limits_v2(r), "memory limit 1048576 is below the minimum of 6 MiB",
                         base::Error);
    r.memory = 8 << 20;
    r.memory_swap = 7 << 20;
    CHECK_THROWS_WITH(plan_limits_v1(r), "memory and swap limit 7340032 is below the memory limit 8388608");
    r = {};
    r.memory_swap = 7 << 20;
    CHECK_THROWS_WITH(plan_limits_v1(r), "a memory and swap limit needs a memory limit");
    r = {};
    r.nano_cpus = 1'000'000'000;
    r.cpu_quota = 5000;
    CHECK_THROWS_WITH(plan_limits_v1(r), "a number of CPUs cannot be combined with a CPU period or quota");
    r = {};
    r.cpu_period = 500;
    CHECK_THROWS_WITH(plan_limits_v1(r), "CPU period 500 is not between 1000 and 1000000 microseconds");
  }
}
