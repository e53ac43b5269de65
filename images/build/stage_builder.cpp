#include "images/build/stage_builder.hpp"

#include <algorithm>
#include <chrono>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/path.hpp"
#include "images/archive/pack.hpp"
#include "images/build/layer_writer.hpp"

namespace compose::images {
namespace {

using base::fail;

constexpr std::size_t k_max_title = 160;

bool makes_layer(const Instruction& instruction) {
  return std::holds_alternative<CopyInstruction>(instruction.body) ||
         std::holds_alternative<RunInstruction>(instruction.body) ||
         std::holds_alternative<WorkdirInstruction>(instruction.body);
}

}  // namespace

StageBuilder::StageBuilder(BuildSession& session, const Stage& stage) : session_(session), stage_(stage) {}

StageState StageBuilder::run() {
  begin_from_base();
  run_triggers();
  for (const auto* instruction : stage_.instructions) execute(*instruction);
  return std::move(state_);
}

void StageBuilder::execute(const Instruction& instruction) {
  current_ = &instruction;
  const auto where = instruction.line == 0 ? base::text("{}:{}: ONBUILD {}", session_.dockerfile.name,
                                                        stage_.line, instruction.text)
                                           : base::text("{}:{}", session_.dockerfile.name, instruction.line);
  base::with_context(where, [&] { std::visit(*this, instruction.body); });
}

// ---- FROM ----

void StageBuilder::begin_from_base() {
  steps_in_stage_ = count_steps();
  base::with_context(base::text("{}:{}", session_.dockerfile.name, stage_.line), [&] {
    if (!stage_.platform.empty() && stage_.platform != session_.predefined.at("TARGETPLATFORM"))
      fail("FROM --platform={}: only {} can be built on this machine", stage_.platform,
           session_.predefined.at("TARGETPLATFORM"));
    if (stage_.base_stage) {
      state_ = *session_.results[*stage_.base_stage];
      state_.arguments.clear();
      return;
    }
    state_.document.architecture = session_.predefined.at("TARGETARCH");
    if (stage_.base == "scratch") return;
    const auto named = session_.request.named_contexts.find(stage_.base);
    const bool is_named = named != session_.request.named_contexts.end();
    constexpr std::string_view prefix = "docker-image://";
    if (is_named && !named->second.starts_with(prefix))
      fail("FROM '{}': the context is a directory, not an image", stage_.base);
    const auto image = base_image(session_, is_named ? named->second.substr(prefix.size()) : stage_.base);
    state_.document = parse_image_document(session_.store.config_json(image.id));
  });
  state_.command_is_own = false;
  if (stage_.base != "scratch") ++step_in_stage_;
}

// What ONBUILD of the base image left for whoever builds from it.
void StageBuilder::run_triggers() {
  const auto triggers = std::exchange(state_.document.config.on_build, {});
  for (const auto& trigger : triggers)
    execute(parse_instruction(trigger, base::text("{}:{}: ONBUILD", session_.dockerfile.name, stage_.line)));
}

std::size_t StageBuilder::count_steps() const {
  std::size_t count = stage_.base == "scratch" ? 0 : 1;  // an empty root is no step
  for (const auto* instruction : stage_.instructions)
    if (makes_layer(*instruction)) ++count;
  return count;
}

void StageBuilder::operator()(const FromInstruction&) {}  // begin_from_base() has done it

// ---- steps that make layers ----

std::string StageBuilder::step_title() const {
  const bool named = session_.plan.stages.size() > 1 || stage_.name != "0";
  auto title = base::text("[{}{}{}/{}] {}", named ? stage_.name : "", named ? " " : "", step_in_stage_,
                          std::max(steps_in_stage_, step_in_stage_), current_->text);
  if (title.size() > k_max_title) title = title.substr(0, k_max_title - 3) + "...";
  return title;
}

bool StageBuilder::may_use_cache() const {
  const auto& filter = session_.request.no_cache_filter;
  return !session_.request.no_cache && std::ranges::find(filter, stage_.name) == filter.end();
}

void StageBuilder::layer_step(CacheKey key, const MakeLayer& make, bool on_its_own) {
  ++step_in_stage_;
  ++session_.steps;
  const auto number = ++session_.last_number;
  running_number_ = number;
  if (!on_its_own) key.add(state_.document.diff_ids);
  const auto digest = key.finish();
  session_.progress.step_started(number, step_title());
  if (may_use_cache()) {
    if (const auto known = known_result(digest)) {
      ++session_.cached;
      session_.used.push_back({digest, *known, current_->text});
      session_.progress.step_ended(number, StepEnd::cached, {}, "");
      return append_layer(*known);
    }
  }
  const auto made = make_layer(number, make);
  session_.cache.put(digest, made, current_->text);
  session_.used.push_back({digest, made, current_->text});
  append_layer(made);
}

// From here, or else from where cache_from says. A cache that fails is as good as none.
std::optional<CachedStep> StageBuilder::known_result(const std::string& key) {
  if (auto known = session_.cache.find(key)) return known;
  for (const auto& import : session_.imports) {
    try {
      if (auto known = import->find(key)) {
        session_.cache.put(key, *known, current_->text);
        return known;
      }
    } catch (const base::Error& e) {
      session_.progress.warning(base::text("cache_from: {}", e.what()));
    }
  }
  return std::nullopt;
}

CachedStep StageBuilder::make_layer(std::size_t number, const MakeLayer& make) {
  const auto started = std::chrono::steady_clock::now();
  const auto took = [&] { return std::chrono::steady_clock::now() - started; };
  try {
    const auto workspace = session_.store.layers().workspace();
    base::fault_point("images.build.step_begins");
    make(workspace);
    const auto packed = pack_directory(workspace.upper(), PackForm::layer);
    CachedStep made{.created = base::time_now()};
    if (packed.entries > 0) {
      made.diff_id = packed.digest;
      session_.store.layers().adopt(
          workspace.upper(),
          {.diff_id = packed.digest, .size = packed.file_size, .tar_size = packed.tar_size});
    }
    session_.progress.step_ended(number, StepEnd::done, took(), "");
    return made;
  } catch (const base::Error& e) {
    session_.progress.step_ended(number, StepEnd::failed, took(), e.what());
    throw;
  }
}

void StageBuilder::append_layer(const CachedStep& step) {
  auto& document = state_.document;
  if (!step.diff_id.empty()) document.diff_ids.push_back(step.diff_id);
  document.created = step.created;
  document.history.push_back(
      {.created = step.created, .created_by = current_->text, .empty_layer = step.diff_id.empty()});
}

// Time stands still between layers, so that a build that changes nothing gives the same image.
void StageBuilder::metadata_step() {
  auto& document = state_.document;
  document.history.push_back(
      {.created = document.created, .created_by = current_->text, .empty_layer = true});
}

RootView StageBuilder::view_below() const {
  return RootView{session_.store.layers().directories_of(state_.document.diff_ids)};
}

void StageBuilder::operator()(const WorkdirInstruction& workdir) {
  config_step()(workdir);
  const auto& config = state_.document.config;
  CacheKey key;
  key.add("workdir").add(config.directory).add(config.user);
  layer_step(std::move(key), [&](const Workspace& workspace) {
    const auto below = view_below();
    LayerWriter writer{workspace.upper(), below};
    const auto placed = writer.place(config.directory);
    if (writer.is_directory(placed)) return;
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    writer.make_directories(placed, resolve_owner(below, config.user), time);
    writer.finish();
  });
}

// ---- variables ----

std::optional<std::string> StageBuilder::variable(std::string_view name) const {
  if (auto value = environment_value(state_.document.config, name)) return value;
  if (const auto found = state_.arguments.find(std::string{name}); found != state_.arguments.end())
    return found->second;
  return std::nullopt;
}

std::string StageBuilder::expand(const std::string& word) const {
  return expand_word(
      word, [this](std::string_view name) { return variable(name); }, session_.dockerfile.escape);
}

void StageBuilder::operator()(const ArgInstruction& arg) {
  for (const auto& [name, value] : arg.arguments) {
    const auto given = session_.request.arguments.find(name);
    const auto global = session_.plan.global_arguments.find(name);
    const auto predefined = session_.predefined.find(name);
    if (given != session_.request.arguments.end()) {
      state_.arguments[name] = given->second;
    } else if (value) {
      state_.arguments[name] = expand(*value);
    } else if (global != session_.plan.global_arguments.end()) {
      state_.arguments[name] = global->second;
    } else if (predefined != session_.predefined.end()) {
      state_.arguments[name] = predefined->second;
    }
  }
}

ConfigStep StageBuilder::config_step() {
  return {state_.document, state_.command_is_own, [this](const std::string& word) { return expand(word); }};
}

std::vector<std::string> StageBuilder::command_line(const Command& command) const {
  return images::command_line(state_.document.config, command);
}

std::vector<std::string> StageBuilder::through_shell(const std::string& text) const {
  return images::through_shell(state_.document.config, text);
}

}  // namespace compose::images
