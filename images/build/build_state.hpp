#pragma once
// What the instructions of one build work on. Internal to images/build.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "images/build/build.hpp"
#include "images/build/build_cache.hpp"
#include "images/build/config_step.hpp"
#include "images/build/file_digests.hpp"
#include "images/build/git_source.hpp"
#include "images/build/named_context.hpp"
#include "images/build/remote_cache.hpp"
#include "images/build/root_view.hpp"
#include "images/build/source_tree.hpp"
#include "images/build/stage_plan.hpp"
#include "images/layer_store.hpp"

namespace compose::images {

// A stage as far as it has been built.
struct StageState {
  ImageDocument document;
  // ARG in scope, with values. Of ARG and ENV with one name the later counts.
  std::map<std::string, std::string> arguments;
  bool command_is_own = false;  // CMD came from this Dockerfile: ENTRYPOINT leaves it alone
};

// What the images that are built together have in common.
struct BuildCommons {
  Store& store;
  StepRunner& runner;
  BuildProgress& progress;
  BuildCache cache;
  std::map<std::string, std::unique_ptr<FileDigests>> digests = {};  // by directory
  std::map<std::string, std::set<std::string>> images = {};  // the requests that give an image this name
  std::map<std::string, std::string> built = {};             // by request: id of the image, once there is one
  decltype(BuildTools::fetch) fetch = {};
  std::set<ImageWish> fetched = {};                      // what was asked for
  std::map<std::string, std::string> fetch_errors = {};  // by reference
  std::set<std::string> made = {};                       // keys of steps that ran
  std::size_t last_number = 0;                           // of progress steps
  bool several_stages = false;
  bool several_requests = false;
};

struct BuildSession {
  BuildCommons& commons;
  const BuildRequest& request;
  base::HostPath context;                              // directory; empty: none
  std::map<std::string, NamedContext> named_contexts;  // by name
  Dockerfile dockerfile;
  StagePlan plan;
  std::map<std::string, std::string> predefined;               // TARGETPLATFORM and its like
  std::vector<std::optional<StageState>> results;              // by stage
  std::map<std::string, std::unique_ptr<SourceTree>> sources;  // by what --from says; "" is the context
  std::vector<std::unique_ptr<CacheImport>> imports;
  std::set<std::string> fetched;             // directories of contexts from elsewhere, gone after the build
  std::vector<CacheEntry> used;              // for cache_to
  std::map<std::string, std::string> bases;  // by reference: ids of images that steps begin with, likewise
  std::map<std::string, std::string> cached_bases;  // by reference: ids of those that came with cache_from
  std::size_t steps = 0;
  std::size_t cached = 0;

  [[nodiscard]] Store& store() const noexcept { return commons.store; }
  // The context was brought from elsewhere: the request names no directory.
  [[nodiscard]] bool context_is_fetched() const { return context.str() != request.context; }
};

// "<Dockerfile>.dockerignore", or ".dockerignore" of the context, a directory of this host.
[[nodiscard]] IgnoreRules context_ignore_rules(const BuildRequest& request, const base::HostPath& context,
                                               const RootView& root);

[[nodiscard]] GitAccess git_access_of(const BuildRequest& request, const GitAddress& address);

// HTTP_PROXY and its like, which every RUN gets without an ARG.
[[nodiscard]] bool is_proxy_argument(const std::string& name);

// The request whose image a name in FROM or --from means; nullopt: it means no image that is built beside
// this one.
[[nodiscard]] std::optional<std::string> producing_request(const BuildSession& session,
                                                           const std::string& name);

// The image in the store that a name in FROM or --from means.
[[nodiscard]] Image base_image(BuildSession& session, const std::string& name);

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
