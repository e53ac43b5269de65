#pragma once
// Decides what `up`, `create` and `scale` have to do: compares what should be with what is. Pure: no clock,
// no kernel, no randomness; the same input gives the same plan, and a second run after a successful one gives
// an empty one.
//
// Semantics: those of Docker Compose v2 (which containers are made anew, numbers, names, order, messages).
//
// Errors: base::Error where the wish cannot be met at all: an external network or volume that is not there, a
// required dependency without containers, a volume that belongs to someone else.
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "scheduler/desired_state.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/plan.hpp"

namespace compose::sched {

enum class Recreate : std::uint8_t { when_different, always, never };

struct ReconcileOptions {
  std::vector<std::string> selected;  // empty: all services of the desired state
  bool no_dependencies = false;       // leave what the selected ones depend on alone, and do not wait for it
  Recreate recreate = Recreate::when_different;
  Recreate recreate_dependencies = Recreate::when_different;
  bool start = true;  // false: `create`, `up --no-start`
  bool wait = false;  // `up --wait`: a last step for each service waits until it is ready
  bool remove_orphans = false;
  bool ignore_orphans = false;  // COMPOSE_IGNORE_ORPHANS: no warning
  bool renew_anonymous_volumes = false;
  std::optional<std::chrono::nanoseconds> stop_grace;  // -t; nullopt: each container's own
  std::set<std::string> recreate_volumes;  // names of changed volumes whose loss the user agreed to
};

[[nodiscard]] Plan reconcile(const DesiredState& desired, const ObservedState& observed,
                             const ReconcileOptions& options = {});

// Names of the volumes whose configuration differs from what is there: ask before putting them into
// recreate_volumes.
[[nodiscard]] std::vector<std::string> changed_volumes(const DesiredState& desired,
                                                       const ObservedState& observed);

// The names of this project's containers: "shop-web-3", and the one used while it replaces another.
[[nodiscard]] std::string container_name(const DesiredState& desired, const DesiredService& service,
                                         int number);
[[nodiscard]] std::string temporary_name(const rt::ContainerId& replaced, const std::string& final_name);

}  // namespace compose::sched
