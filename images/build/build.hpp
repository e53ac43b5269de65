#pragma once
// Builds an image from a Dockerfile, in process. What it needs from outside are three things the caller
// passes in: the store, somebody who can run a command in a root file system (StepRunner), and somebody who
// shows progress.
//
// Not thread-safe; blocks until the build is done. Errors name the place: "Dockerfile:7: ..." .
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/path.hpp"
#include "images/build/progress.hpp"
#include "images/build/step_runner.hpp"
#include "images/store.hpp"

namespace compose::images {

struct BuildSecret {
  std::string id;
  std::string content;
};

struct BuildRequest {
  HostPath context;                              // directory; empty: no context (COPY from it is an Error)
  std::string dockerfile = "Dockerfile";         // relative to the context, or absolute
  std::optional<std::string> dockerfile_inline;  // instead of a file
  std::map<std::string, std::string> arguments;  // --build-arg; the caller has resolved those without a value
  std::map<std::string, std::string> labels;     // of the image, on top of the Dockerfile's
  std::vector<std::string> tags;                 // references, any spelling
  std::string target;                            // stage to stop at; empty: the last one
  std::map<std::string, std::string>
      named_contexts;  // additional_contexts: a directory, or "docker-image://reference"
  std::vector<BuildSecret> secrets;
  std::map<std::string, std::string> ssh;  // id -> socket of an agent
  // Brings an image that is not here, or with `pull` the registry's newest. Without it, what is missing is an
  // Error.
  std::function<void(const std::string& reference)> fetch;
  bool pull = false;
  std::vector<std::string> cache_from;  // "type=local,src=/abs", "type=registry,ref=name", "name"
  std::vector<std::string> cache_to;
  bool no_cache = false;
  std::vector<std::string> no_cache_filter;  // names of stages that are built anew
  std::string platform;                      // "": this machine's; anything else is an Error
  // For RUN steps:
  StepNetwork network = StepNetwork::default_;
  std::vector<std::pair<std::string, std::string>> extra_hosts;  // name, address
  std::uint64_t shm_size = 0;                                    // bytes; 0: the runtime's default
  std::vector<StepUlimit> ulimits;
  bool privileged = false;
};

struct BuildResult {
  std::string image_id;
  std::size_t steps = 0;   // that make layers
  std::size_t cached = 0;  // of them, taken from the cache
};

BuildResult build_image(Store& store, const BuildRequest& request, StepRunner& runner,
                        BuildProgress& progress);

}  // namespace compose::images
