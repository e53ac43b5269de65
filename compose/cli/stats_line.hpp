#pragma once
// What `stats` says of one container: two looks at its counters, and the rates between them. Pure.
#include <chrono>
#include <optional>
#include <string>

#include "compose/ui/template.hpp"
#include "runtime-shim/client/stats.hpp"

namespace compose::cli {

struct StatsLook {
  std::chrono::steady_clock::time_point at;
  std::optional<rt::ContainerStats> stats;  // nullopt: it does not run
};

// 100 is one CPU; 0 where there is nothing to compare with.
[[nodiscard]] double cpu_percent(const StatsLook& before, const StatsLook& now);

// The fields as Docker names them: "CPUPerc": "0.05%", "MemUsage": "12.5MiB / 15.5GiB" ... of a container
// that does not run zeros.
[[nodiscard]] ui::TemplateObject stats_line(const std::string& id, const std::string& name,
                                            const StatsLook& before, const StatsLook& now);

}  // namespace compose::cli
