#include "compose/cli/stats_line.hpp"

#include <array>
#include <charconv>

#include "base/text.hpp"
#include "base/units.hpp"

namespace compose::cli {
namespace {

std::string percent(double value) {
  std::array<char, 64> digits;
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, std::chars_format::fixed, 2);
  return std::string{digits.data(), end.ptr} + "%";
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string traffic(std::uint64_t in, std::uint64_t out) {
  return base::text("{} / {}", base::format_bytes_decimal(in, 3), base::format_bytes_decimal(out, 3));
}

}  // namespace

// A counter that went back began anew.
double cpu_percent(const StatsLook& before, const StatsLook& now) {
  if (!before.stats || !now.stats || now.at <= before.at) return 0;
  if (now.stats->cpu_nanoseconds < before.stats->cpu_nanoseconds) return 0;
  const auto used = static_cast<double>(now.stats->cpu_nanoseconds - before.stats->cpu_nanoseconds);
  return 100.0 * used / static_cast<double>(std::chrono::nanoseconds{now.at - before.at}.count());
}

ui::TemplateObject stats_line(const std::string& id, const std::string& name, const StatsLook& before,
                              const StatsLook& now) {
  const auto s = now.stats.value_or(rt::ContainerStats{});
  return {.fields = {{"BlockIO", traffic(s.block_read_bytes, s.block_write_bytes)},
                     {"CPUPerc", percent(cpu_percent(before, now))},
                     {"Container", id},
                     {"ID", id},
                     {"MemPerc", percent(share(s.memory_bytes, s.memory_limit))},
                     {"MemUsage", base::text("{} / {}", base::format_bytes_binary(s.memory_bytes),
                                             base::format_bytes_binary(s.memory_limit))},
                     {"Name", name},
                     {"NetIO", traffic(s.network_receive_bytes, s.network_transmit_bytes)},
                     {"PIDs", base::text("{}", s.processes)}},
          .labels = {}};
}

}  // namespace compose::cli
