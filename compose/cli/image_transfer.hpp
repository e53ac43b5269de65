#pragma once
// Pulls and pushes as the command line shows them: an image is an object of the progress view, and on a
// terminal each layer is one more.
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compose/model/project.hpp"
#include "images/registry/pull.hpp"
#include "images/registry/push.hpp"

namespace compose::cli {

class Context;

class TransferView final : public images::TransferProgress {
 public:
  // `quiet`: layers are not shown.
  TransferView(Context& context, bool quiet, std::function<void()> on_tick = {})
      : context_(context), quiet_(quiet), on_tick_(std::move(on_tick)) {}
  void layer(const images::TransferStep& step) override;
  void warning(const std::string& message) override;
  void tick() override;

 private:
  Context& context_;
  bool quiet_;
  std::function<void()> on_tick_;
  std::map<std::string, images::TransferState> shown_;  // by image and layer
};

// The project whose images `pull` and `push` are about: of these services, or of all.
struct TransferScope {
  std::vector<std::string> services;
  bool with_dependencies = false;
  bool quiet = false;
};
[[nodiscard]] model::Project load_for_transfer(Context& context, const TransferScope& scope);

// Shows "Pulling" and "Pulled"; failures are in the outcomes, for the caller to show. `on_tick` is called
// several times a second; what it throws ends the pull.
std::vector<images::PullOutcome> pull_with_progress(Context& context,
                                                    const std::vector<images::PullRequest>& requests,
                                                    bool quiet, std::function<void()> on_tick = {});
std::vector<images::PushOutcome> push_with_progress(Context& context,
                                                    const std::vector<std::string>& references, bool quiet);

}  // namespace compose::cli
