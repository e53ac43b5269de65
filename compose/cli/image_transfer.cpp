#include "compose/cli/image_transfer.hpp"

#include "base/units.hpp"
#include "compose/cli/context.hpp"
#include "compose/loader/load_project.hpp"
#include "compose/ui/progress.hpp"
#include "images/registry/settings.hpp"

namespace compose::cli {
namespace {

using images::TransferState;
using Phase = sched::Progress::Phase;

std::string words_for(TransferState state) {
  switch (state) {
    case TransferState::waiting:
      return "Waiting";
    case TransferState::downloading:
      return "Downloading";
    case TransferState::unpacking:
      return "Extracting";
    case TransferState::exists:
      return "Already exists";
    case TransferState::pulled:
      return "Pull complete";
    case TransferState::packing:
      return "Preparing";
    case TransferState::uploading:
      return "Pushing";
    case TransferState::mounted:
      return "Mounted";
    case TransferState::pushed:
      return "Pushed";
  }
  return "";
}

bool is_last(TransferState state) {
  return state == TransferState::exists || state == TransferState::pulled ||
         state == TransferState::mounted || state == TransferState::pushed;
}

}  // namespace

model::Project load_for_transfer(Context& context, const TransferScope& scope) {
  static_cast<void>(context.state());  // who may not change anything hears of it first
  if (scope.quiet) context.silence_progress();
  auto load = context.load_options();
  load.services = scope.services;
  load.with_dependencies = scope.with_dependencies || scope.services.empty();
  return context.load(load).project;
}

void TransferView::layer(const images::TransferStep& step) {
  if (quiet_) return;
  auto& progress = context_.progress();
  const auto [known, is_new] = shown_.try_emplace(step.image + " " + step.layer, step.state);
  const bool changed = is_new || known->second != step.state;
  known->second = step.state;
  const bool moving = step.state == TransferState::downloading || step.state == TransferState::uploading;
  // Lines that nothing overwrites: where a layer begins and how it ends.
  if (!progress.needs_ticks() && !(changed && (is_last(step.state) || moving))) return;
  std::string details;
  if (moving && progress.needs_ticks())
    details = base::format_bytes_decimal(step.done) +
              (step.total > 0 ? " / " + base::format_bytes_decimal(step.total) : "");
  progress.update(step.layer, is_last(step.state) ? Phase::done : Phase::working, words_for(step.state),
                  details);
}

void TransferView::warning(const std::string& message) {
  context_.warn(message);
}

void TransferView::tick() {
  context_.progress().tick();
  if (on_tick_) on_tick_();
}

std::vector<images::PullOutcome> pull_with_progress(Context& context,
                                                    const std::vector<images::PullRequest>& requests,
                                                    bool quiet, std::function<void()> on_tick) {
  auto& progress = context.progress();
  TransferView view{context, quiet, std::move(on_tick)};
  for (const auto& request : requests)
    progress.update("Image " + request.reference, Phase::working, "Pulling", "");
  auto outcomes = images::pull_images(context.images(), images::load_registry_settings(), requests, view);
  for (const auto& outcome : outcomes)
    if (outcome.error.empty()) progress.update("Image " + outcome.reference, Phase::done, "Pulled", "");
  return outcomes;
}

std::vector<images::PushOutcome> push_with_progress(Context& context,
                                                    const std::vector<std::string>& references, bool quiet) {
  auto& progress = context.progress();
  TransferView view{context, quiet};
  const auto settings = images::load_registry_settings();
  std::vector<images::PushOutcome> outcomes;
  for (const auto& reference : references) {
    progress.update("Image " + reference, Phase::working, "Pushing", "");
    outcomes.push_back(images::push_images(context.images(), settings, {reference}, view).front());
    const bool good = outcomes.back().error.empty();
    progress.update("Image " + reference, good ? Phase::done : Phase::error, good ? "Pushed" : "Error", "");
  }
  return outcomes;
}

}  // namespace compose::cli
