#pragma once
// What the instructions of one build work on. Internal to images/build.
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "images/build/build.hpp"
#include "images/build/build_cache.hpp"
#include "images/build/file_digests.hpp"
#include "images/build/remote_cache.hpp"
#include "images/build/source_tree.hpp"
#include "images/build/stage_plan.hpp"
#include "images/layer_store.hpp"

namespace compose::images {

// A stage as far as it has been built.
struct StageState {
  ImageDocument document;
  std::map<std::string, std::string> arguments;  // ARG in scope, with values
  bool command_is_own = false;                   // CMD came from this Dockerfile: ENTRYPOINT leaves it alone
};

struct BuildSession {
  Store& store;
  const BuildRequest& request;
  StepRunner& runner;
  BuildProgress& progress;
  Dockerfile dockerfile;
  StagePlan plan;
  std::map<std::string, std::string> predefined;  // TARGETPLATFORM and its like
  BuildCache cache;
  std::vector<std::optional<StageState>> results;              // by stage
  std::map<std::string, std::unique_ptr<SourceTree>> sources;  // by what --from says; "" is the context
  std::map<std::string, std::unique_ptr<FileDigests>> digests;
  std::vector<std::unique_ptr<CacheImport>> imports;
  std::vector<CacheEntry> used;   // for cache_to
  std::set<std::string> fetched;  // references that were asked for
  std::size_t last_number = 0;    // of progress steps
  std::size_t steps = 0;
  std::size_t cached = 0;
};

// An image that the build begins with or copies from, brought here first where that is wanted.
[[nodiscard]] Image base_image(BuildSession& session, const std::string& reference);

// The tree behind --from (a stage, a named context, an image; "" is the build context), opened once.
// `identity`: for what is made of layers, the diff ids, which say all about its content; empty for
// directories of the host.
struct Source {
  const SourceTree* tree = nullptr;
  std::vector<std::string> identity;
};
Source open_source(BuildSession& session, const std::string& from, std::size_t stage);
// The identity alone, without opening layers; nullopt: a directory.
std::optional<std::vector<std::string>> source_identity(BuildSession& session, const std::string& from,
                                                        std::size_t stage);

}  // namespace compose::images
