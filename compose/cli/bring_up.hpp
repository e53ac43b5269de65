#pragma once
// What up, create, scale and run have in common: from the command line to a desired state, and from there to
// a plan.
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "compose/cli/arguments.hpp"
#include "compose/cli/context.hpp"
#include "compose/cli/project_images.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/model/project.hpp"
#include "scheduler/desired_state.hpp"
#include "scheduler/observed_state.hpp"
#include "scheduler/reconcile.hpp"

namespace compose::cli {

struct Wanted {
  model::Project project;
  sched::DesiredState state;
};

// Options that several of these verbs share.
struct UpOptions {
  std::vector<std::string> services;
  std::vector<std::string> scale;  // "web=3"
  ImageOptions images;
  bool force_recreate = false;
  bool no_recreate = false;
  bool always_recreate_deps = false;
  bool no_deps = false;
  bool remove_orphans = false;
  bool renew_volumes = false;
  bool yes = false;
  bool start = true;
  bool wait = false;
  std::optional<int> timeout;
  std::optional<int> wait_timeout;

  void declare_create(Arguments& a);  // those of `create` and `up`
  [[nodiscard]] std::optional<std::chrono::nanoseconds> wait_limit() const;
};

// {"web", 3}. Error: `invalid scale specifier "web"`.
[[nodiscard]] std::map<std::string, std::uint32_t> parse_scale(const std::vector<std::string>& words);

// Loads, provides images, lowers; warnings are printed. Error "no service selected".
[[nodiscard]] Wanted want(Context& context, const UpOptions& options);
// `adjust` changes the project before it is lowered.
[[nodiscard]] Wanted want(Context& context, const loader::LoadOptions& load, const UpOptions& options,
                          const std::function<void(model::Project&)>& adjust = {});

struct Prepared {
  sched::ObservedState observed;
  sched::Plan plan;
};
// Locks the project, remembers it, observes and decides.
[[nodiscard]] Prepared prepare(Context& context, const Wanted& wanted, const UpOptions& options);

}  // namespace compose::cli
