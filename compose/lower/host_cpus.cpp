#include "compose/lower/host_cpus.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"

namespace compose::lower {

using base::text;

namespace {

constexpr unsigned k_most_cpus = 1U << 20U;

// Takes a number off the front; nullopt: there is none.
std::optional<unsigned> take_number(std::string_view& rest) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc{} || value > k_most_cpus) return std::nullopt;
  rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  return value;
}

// As the file has it: 1.5, 64.
std::string plain(double value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  return {digits, end};
}

void check_count(const model::Service& service, double wanted, std::string_view key, std::size_t available) {
  if (wanted > static_cast<double>(available))
    base::fail("service \"{}\": '{}' is {}, this host has {} CPU{}", service.name, key, plain(wanted),
               available, available == 1 ? "" : "s");
}

void check_set(const model::Service& service, const std::vector<unsigned>& available,
               const std::string& online) {
  for (const unsigned cpu : cpu_numbers(service.cpuset))
    if (std::ranges::find(available, cpu) == available.end())
      base::fail("service \"{}\": 'cpuset' is \"{}\", this host has the CPUs {}", service.name,
                 service.cpuset, online);
}

}  // namespace

std::vector<unsigned> cpu_numbers(std::string_view list) {
  std::vector<unsigned> numbers;
  while (const auto first = take_number(list)) {
    auto last = first;
    if (list.starts_with('-')) {
      list.remove_prefix(1);
      last = take_number(list);
      if (!last) break;
    }
    for (unsigned cpu = *first; cpu <= *last; ++cpu) numbers.push_back(cpu);
    if (!list.starts_with(',')) break;
    list.remove_prefix(1);
  }
  return numbers;
}

void check_host_cpus(const model::Project& project, const std::string& online) {
  const auto available = cpu_numbers(online);
  if (available.empty()) return;  // the host does not say
  for (const auto& [name, service] : project.services) {
    check_count(service, service.cpus.value_or(0), "cpus", available.size());
    if (service.deploy && service.deploy->resources.limits)
      check_count(service, service.deploy->resources.limits->cpus.value_or(0), "deploy.resources.limits.cpus",
                  available.size());
    check_set(service, available, online);
  }
}

}  // namespace compose::lower
