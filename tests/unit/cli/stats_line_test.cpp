#include "compose/cli/stats_line.hpp"

#include <doctest/doctest.h>

using namespace compose;
using namespace std::chrono_literals;
using cli::StatsLook;

namespace {

StatsLook look(std::chrono::milliseconds at, rt::ContainerStats stats) {
  return {.at = std::chrono::steady_clock::time_point{at}, .stats = stats};
}

}  // namespace

TEST_SUITE("cli/stats_line") {
  TEST_CASE("the share of the CPU is what was used between two looks") {
    CHECK(cli::cpu_percent(look(1s, {.cpu_nanoseconds = 500}),
                           look(3s, {.cpu_nanoseconds = 1'000'000'500})) == doctest::Approx(50));
    CHECK(cli::cpu_percent(look(0s, {}), look(1s, {.cpu_nanoseconds = 2'500'000'000})) ==
          doctest::Approx(250));
  }

  TEST_CASE("without anything to compare with the share is nothing") {
    const auto now = look(1s, {.cpu_nanoseconds = 1000});
    CHECK(cli::cpu_percent({}, now) == 0);
    CHECK(cli::cpu_percent(now, now) == 0);
    CHECK(cli::cpu_percent(look(0s, {.cpu_nanoseconds = 2000}), now) == 0);
    CHECK(cli::cpu_percent(now, {.at = std::chrono::steady_clock::time_point{2s}, .stats = {}}) == 0);
  }

  TEST_CASE("a line has Docker's fields and units") {
    const auto line = cli::stats_line("0123456789ab", "shop-web-1", look(0s, {}),
                                      look(1s, {.cpu_nanoseconds = 500'000,
                                                .memory_bytes = 13'107'200,
                                                .memory_limit = 1U << 30U,
                                                .processes = 3,
                                                .block_read_bytes = 4096,
                                                .network_receive_bytes = 1200}));
    CHECK(line.fields.dump() ==
          "{\"BlockIO\":\"4.1kB / "
          "0B\",\"CPUPerc\":\"0.05%\",\"Container\":\"0123456789ab\",\"ID\":\"0123456789ab\","
          "\"MemPerc\":\"1.22%\",\"MemUsage\":\"12.5MiB / 1GiB\",\"Name\":\"shop-web-1\",\"NetIO\":\"1.2kB / "
          "0B\",\"PIDs\":\"3\"}");
  }

  TEST_CASE("what does not run uses nothing") {
    const auto line = cli::stats_line("0123456789ab", "shop-web-1", {}, {});
    CHECK(line.fields.at("MemUsage") == "0B / 0B");
    CHECK(line.fields.at("MemPerc") == "0.00%");
    CHECK(line.fields.at("CPUPerc") == "0.00%");
  }
}
