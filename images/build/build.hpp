#pragma once
// Builds images from Dockerfiles. What it needs from outside the caller passes in: the store, somebody who
// can run a command in a root file system (StepRunner), somebody who shows progress, and somebody who brings
// images that are missing.
//
// Images that are asked for together are built together. Steps run in processes of their own, those of
// different stages and images side by side as far as none needs what another one makes, and a step that
// several have in common runs once. The first failure stops all that runs.
//
// Blocks until all is done. Errors name the place: "Dockerfile:7: ..." .
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
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
  std::string name;     // for titles and for the contexts of others
  std::string context;  // a directory, the address of a git repository, of an archive or of a Dockerfile;
                        // empty: no context (COPY from it is an Error)
  std::string dockerfile = "Dockerfile";         // relative to the context, or absolute
  std::optional<std::string> dockerfile_inline;  // instead of a file
  std::map<std::string, std::string> arguments;  // --build-arg; the caller has resolved those without a value
  std::map<std::string, std::string> labels;     // of the image, on top of the Dockerfile's
  std::vector<std::string> tags;                 // references, any spelling
  std::string target;                            // stage to stop at; empty: the last one
  // additional_contexts: a directory, "docker-image://reference", "oci-layout://directory[:tag][@digest]",
  // an address as for `context`, or "service:name", the image that the request of that name builds.
  std::map<std::string, std::string> named_contexts;
  std::vector<BuildSecret> secrets;
  std::map<std::string, std::string> ssh;  // id -> socket of an agent, or the file of a private key
  bool pull = false;                       // images that it begins with are asked for anew
  std::vector<std::string> cache_from;     // "type=local,src=/abs", "type=registry,ref=name", "name"
  std::vector<std::string> cache_to;
  bool no_cache = false;
  std::vector<std::string> no_cache_filter;  // names of stages that are built anew
  std::string platform;                      // "": this machine's; anything else is an Error
  // For RUN steps:
  StepNetwork network = StepNetwork::default_;
  std::vector<std::pair<std::string, std::string>> extra_hosts;  // name, address
  std::uint64_t shm_size = 0;                                    // bytes; 0: the runtime's default
  std::uint64_t memory = 0;                                      // bytes a step may use; 0: no limit
  std::vector<StepUlimit> ulimits;
  bool privileged = false;         // every step
  bool may_be_privileged = false;  // those that ask for it: RUN --security=insecure
};

struct BuildResult {
  std::string image_id;
  std::size_t steps = 0;   // that make layers
  std::size_t cached = 0;  // of them, taken from the cache
};

// An image that is not here, or that is wanted as new as its registry has it.
struct ImageWish {
  std::string reference;
  std::string platform;  // "": this machine's
  auto operator<=>(const ImageWish&) const = default;
};

struct BuildTools {
  Store& store;
  StepRunner& runner;
  BuildProgress& progress;
  // Returns what could not be brought, with the reason. Without it, what is missing is an Error.
  std::function<std::map<std::string, std::string>(const std::vector<ImageWish>& wishes)> fetch = {};
  std::size_t parallel = 0;  // steps at the same time; 0: as many as seems right
  // Asked several times a second. True ends what goes on: BuildStopped.
  std::function<bool()> stop_is_wanted = {};
};

class BuildStopped final : public base::Error {
 public:
  BuildStopped() : Error("the build was stopped") {}
};

// One of several builds failed.
class BuildError final : public base::Error {
 public:
  BuildError(std::string name, const std::string& message) : Error(message), name_(std::move(name)) {}
  [[nodiscard]] const std::string& name() const noexcept { return name_; }  // of the request

 private:
  std::string name_;
};

// In the order of the requests. BuildError: the first that failed; no image has been given a name then, but
// by requests that were complete before.
std::vector<BuildResult> build_images(const BuildTools& tools, const std::vector<BuildRequest>& requests);

}  // namespace compose::images
