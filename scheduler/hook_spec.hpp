#pragma once
// Commands that run inside a container at moments of its life (compose spec, "post_start" and "pre_stop").
#include <string>
#include <tuple>
#include <vector>

#include "base/record.hpp"

namespace compose::sched {

// After the container's start, or before compose stops it.
struct HookSpec {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // added to the container's
  std::string directory;                 // empty: the container's
  std::string user;                      // empty: the container's
  bool privileged = false;
  bool operator==(const HookSpec&) const = default;
  static constexpr auto fields() {
    using base::field;
    return std::tuple{field("argv", &HookSpec::argv), field("environment", &HookSpec::environment),
                      field("directory", &HookSpec::directory), field("user", &HookSpec::user),
                      field("privileged", &HookSpec::privileged)};
  }
};

struct ServiceHooks {
  std::vector<HookSpec> post_start;
  std::vector<HookSpec> pre_stop;
  bool operator==(const ServiceHooks&) const = default;
  [[nodiscard]] bool empty() const { return post_start.empty() && pre_stop.empty(); }
  static constexpr auto fields() {
    using base::field;
    return std::tuple{field("post_start", &ServiceHooks::post_start),
                      field("pre_stop", &ServiceHooks::pre_stop)};
  }
};

}  // namespace compose::sched
