#include "compose/cli/pull_policy.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

namespace compose::cli {

std::optional<std::chrono::nanoseconds> refresh_interval(const std::string& policy) {
  constexpr auto k_day = std::chrono::hours{24};
  constexpr std::string_view k_every = "every_";
  if (policy == "daily") return k_day;
  if (policy == "weekly") return 7 * k_day;
  if (!policy.starts_with(k_every)) return std::nullopt;
  const auto interval = base::parse_duration(policy.substr(k_every.size()));
  return interval && interval->count() > 0 ? interval : std::nullopt;
}

bool must_pull(const PullQuestion& q) {
  if (q.policy == "always" || q.policy == "refresh") return true;
  if (q.policy == "never" || q.policy == "build") return false;
  if (q.policy == "missing" || q.policy == "if_not_present") return !q.present;
  // Who can be built and says nothing is built.
  if (q.policy.empty()) return !q.present && !q.builds;
  const auto interval = refresh_interval(q.policy);
  if (!interval) base::fail("invalid pull_policy \"{}\"", q.policy);
  return !q.present || !q.pulled_at || q.now - *q.pulled_at > *interval;
}

}  // namespace compose::cli
