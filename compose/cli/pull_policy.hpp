#pragma once
// When the image of a service is asked for at its registry: `pull_policy`, and --pull over it. Pure.
#include <chrono>
#include <optional>
#include <string>

namespace compose::cli {

struct PullQuestion {
  std::string policy;    // "always", "missing", "every_12h"; "" not said
  bool builds = false;   // the service has a build section
  bool present = false;  // in the store, for the wanted platform
  std::optional<std::chrono::system_clock::time_point> pulled_at;
  std::chrono::system_clock::time_point now;
};

// Error: `invalid pull_policy "x"`.
[[nodiscard]] bool must_pull(const PullQuestion& question);

// How old an image may be: "daily" is a day, "every_1h30m" an hour and a half; nullopt: no such policy.
[[nodiscard]] std::optional<std::chrono::nanoseconds> refresh_interval(const std::string& policy);

}  // namespace compose::cli
