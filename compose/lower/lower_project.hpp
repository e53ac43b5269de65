#pragma once
// A loaded project -> what should be there, in the scheduler's words. Pure: no files, no kernel; images and
// hashes come in.
//
// Errors: base::Error, beginning with `service "web": `, for what cannot be run here at all. What can be run,
// but not in every respect as the file asks, is a warning; attributes that are ignored as a whole are warned
// about by the loader.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compose/lower/image_facts.hpp"
#include "compose/model/project.hpp"
#include "scheduler/desired_state.hpp"
#include "scheduler/hook_steps.hpp"
#include "scheduler/service_graph.hpp"

namespace compose::lower {

// The hashes that `compose config --hash` shows (compose/loader/render_config.hpp).
struct Hashes {
  std::function<std::string(const model::Service&)> service;
  std::function<std::string(const model::Network&)> network;
  std::function<std::string(const model::Volume&)> volume;
};

struct LowerInput {
  const model::Project& project;
  const std::map<std::string, ImageFacts>& images;  // by service; every service of the project has one
  const Hashes& hashes;
  std::map<std::string, std::uint32_t> scale;  // --scale; wins over the file
};

struct Lowered {
  sched::DesiredState state;
  std::vector<std::string> warnings;
};

[[nodiscard]] Lowered lower_project(const LowerInput& input);

// The image that a service runs: what the file says, else what is built for it ("shop-web").
[[nodiscard]] std::string image_of(const model::Project& project, const model::Service& service);

// The services and their dependencies alone, for verbs that need no images (stop, down, restart ...).
[[nodiscard]] std::vector<sched::ServiceNode> service_nodes(const model::Project& project);

}  // namespace compose::lower
