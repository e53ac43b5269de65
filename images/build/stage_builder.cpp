#include "images/build/stage_builder.hpp"

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/path.hpp"
#include "base/units.hpp"
#include "base/wire.hpp"
#include "images/archive/pack.hpp"
#include "images/build/layer_writer.hpp"
#include "images/platform.hpp"
#include "images/room.hpp"

namespace compose::images {
namespace {

using base::fail;

constexpr std::size_t k_max_title = 160;

bool is_own_platform(const std::string& text) {
  return platform_rank(own_platform(), parse_platform(text)) > 0;
}

bool makes_layer(const Instruction& instruction) {
  return std::holds_alternative<CopyInstruction>(instruction.body) ||
         std::holds_alternative<RunInstruction>(instruction.body) ||
         std::holds_alternative<WorkdirInstruction>(instruction.body);
}

}  // namespace

StageBuilder::StageBuilder(BuildSession& session, const Stage& stage)
    : session_(session), stage_(stage), instructions_(stage.instructions) {}

void StageBuilder::advance() {
  while (!complete_ && !work_) {
    if (!begun_) {
      if (!begin_from_base()) return;
      begun_ = true;
    } else if (next_ < instructions_.size()) {
      if (!execute(*instructions_[next_])) return;
      ++next_;
    } else {
      session_.results[stage_.index] = state_;
      complete_ = true;
    }
  }
}

std::string StageBuilder::place() const {
  const auto& file = session_.dockerfile.name;
  if (current_ == nullptr) return base::text("{}:{}", file, stage_.line);
  if (current_->line == 0) return base::text("{}:{}: ONBUILD {}", file, stage_.line, current_->text);
  return base::text("{}:{}", file, current_->line);
}

// False: something that it takes from is not there yet.
bool StageBuilder::execute(const Instruction& instruction) {
  current_ = &instruction;
  return base::with_context(place(), [&] {
    const auto names = places_used_by(instruction);
    if (!std::ranges::all_of(names, [this](const auto& name) { return is_ready(name); })) return false;
    running_number_ = 0;
    std::visit(*this, instruction.body);
    return true;
  });
}

bool StageBuilder::is_ready(const std::string& name) const {
  if (!session_.named_contexts.contains(name))
    if (const auto stage = find_stage(session_.plan.stages, name, stage_.index))
      return session_.results[*stage].has_value();
  return image_is_ready(name);
}

bool StageBuilder::image_is_ready(const std::string& name) const {
  const auto producer = producing_request(session_, name);
  return !producer || session_.commons.built.contains(*producer);
}

// ---- FROM ----

bool StageBuilder::begin_from_base() {
  return base::with_context(place(), [&] {
    const bool is_named = session_.named_contexts.contains(stage_.base);
    if (!stage_.platform.empty() && !is_own_platform(stage_.platform))
      fail("FROM --platform={}: only {} can be built on this machine", stage_.platform,
           session_.predefined.at("TARGETPLATFORM"));
    if (stage_.base_stage && !is_named) {
      const auto& base = session_.results[*stage_.base_stage];
      if (!base) return false;
      state_ = *base;
    } else if (stage_.base == "scratch" && !is_named) {
      state_.document.architecture = session_.predefined.at("TARGETARCH");
      state_.document.config.environment = {base::text("PATH={}", k_default_path)};
    } else {
      if (is_named && session_.named_contexts.at(stage_.base).kind == ContextKind::directory)
        fail("FROM '{}': the context is a directory, not an image", stage_.base);
      if (!image_is_ready(stage_.base)) return false;
      const auto image = base_image(session_, stage_.base);
      state_.document = parse_image_document(session_.store().config_json(image.id));
    }
    state_.command_is_own = false;
    for (const auto& trigger : std::exchange(state_.document.config.on_build, {}))
      triggers_.push_back(
          parse_instruction(trigger, base::text("ONBUILD {}", trigger), session_.dockerfile.escape));
    std::vector<const Instruction*> all;
    for (const auto& trigger : triggers_) all.push_back(&trigger);
    add_triggers(session_.plan, stage_.index, all);
    all.insert(all.end(), instructions_.begin(), instructions_.end());
    instructions_ = std::move(all);
    steps_in_stage_ = count_steps();
    if (stage_.base != "scratch") ++step_in_stage_;
    return true;
  });
}

std::size_t StageBuilder::count_steps() const {
  std::size_t count = stage_.base == "scratch" ? 0 : 1;  // an empty root is no step
  for (const auto* instruction : instructions_)
    if (makes_layer(*instruction)) ++count;
  return count;
}

void StageBuilder::operator()(const FromInstruction&) {}  // begin_from_base() has done it

// ---- steps that make layers ----

// "[silo build 2/3]": the image and the stage only where there are others.
StepTitle StageBuilder::step_title() const {
  const auto& commons = session_.commons;
  const bool named = session_.plan.stages.size() > 1 || stage_.name != "0";
  std::string label = "[";
  if (commons.several_requests) label += session_.request.name + " ";
  if (named) label += stage_.name + " ";
  label += base::text("{}/{}]", step_in_stage_, steps_in_stage_);
  auto text = current_->text;
  if (text.size() > k_max_title) text = text.substr(0, k_max_title - 3) + "...";
  return {.label = label, .text = text, .among_others = commons.several_stages || commons.several_requests};
}

bool StageBuilder::may_use_cache() const {
  const auto& filter = session_.request.no_cache_filter;
  return !session_.request.no_cache && std::ranges::find(filter, stage_.name) == filter.end();
}

void StageBuilder::begin_step() {
  if (running_number_ != 0) return;
  running_number_ = ++session_.commons.last_number;
  ++step_in_stage_;
  ++session_.steps;
  session_.commons.progress.step_started(running_number_, step_title());
}

void StageBuilder::end_step(StepEnd end, const std::string& error) {
  const auto took = end == StepEnd::cached ? std::chrono::steady_clock::duration{}
                                           : std::chrono::steady_clock::now() - work_->started;
  session_.commons.progress.step_ended(running_number_, end, took, error);
}

void StageBuilder::layer_step(CacheKey key, Work work, bool on_its_own) {
  if (!on_its_own) key.add(state_.document.diff_ids);
  work_ = std::move(work);
  work_->key = key.finish();
  take_known_result();
}

bool StageBuilder::take_known_result() {
  if (!may_use_cache() && !session_.commons.made.contains(work_->key)) return false;
  const auto known = known_result(work_->key);
  if (!known) return false;
  begin_step();
  ++session_.cached;
  session_.used.push_back({work_->key, *known, current_->text});
  end_step(StepEnd::cached);
  work_.reset();
  append_layer(*known);
  return true;
}

// From here, or else from where cache_from says. A cache that fails is as good as none.
std::optional<CachedStep> StageBuilder::known_result(const std::string& key) {
  auto& commons = session_.commons;
  if (auto known = commons.cache.find(key)) return known;
  for (const auto& import : session_.imports) {
    try {
      if (auto known = import->find(key)) {
        commons.cache.put(key, *known, current_->text);
        return known;
      }
    } catch (const base::Error& e) {
      commons.progress.warning(base::text("cache_from: {}", e.what()));
    }
  }
  return std::nullopt;
}

namespace {

// What a worker tells of the layer that it has made.
struct MadeLayer {
  std::string diff_id;  // empty: nothing has changed
  std::uint64_t size = 0;
  std::uint64_t tar_size = 0;
  static constexpr auto fields() {
    return std::tuple{base::field("diff_id", &MadeLayer::diff_id), base::field("size", &MadeLayer::size),
                      base::field("tar_size", &MadeLayer::tar_size)};
  }
};

}  // namespace

bool StageBuilder::begin_work() {
  return base::with_context(place(), [&] {
    if (!work_->key.empty() && take_known_result()) return false;  // another stage has done the same
    begin_step();
    work_->started = std::chrono::steady_clock::now();
    if (work_->prepare) work_->prepare();
    if (work_->make) work_->workspace = std::make_shared<Workspace>(session_.store().layers().workspace());
    base::fault_point("images.build.step_begins");
    return true;
  });
}

std::string StageBuilder::do_work(WorkerReport& report) const {
  if (work_->find_out) return work_->find_out(report);
  telling_room(work_->workspace->path(), [&] { work_->make(*work_->workspace, report); });
  const auto packed = pack_directory(work_->workspace->upper(), PackForm::layer);
  if (packed.entries == 0) return base::to_wire(MadeLayer{});
  return base::to_wire(
      MadeLayer{.diff_id = packed.digest, .size = packed.file_size, .tar_size = packed.tar_size});
}

void StageBuilder::hear_output(std::string_view bytes) {
  session_.commons.progress.step_output(running_number_, bytes);
}

void StageBuilder::end_work(const WorkerOutcome& outcome) {
  if (outcome.failed) end_step(StepEnd::failed, outcome.text);
  base::with_context(place(), [&] {
    if (outcome.failed) fail("{}", outcome.text);
    if (work_->make) return adopt_layer(outcome.text);
    const auto then = std::move(work_->then);
    work_.reset();
    then(outcome.text);
  });
}

void StageBuilder::adopt_layer(const std::string& made) {
  auto& commons = session_.commons;
  const auto layer = base::from_wire<MadeLayer>(made);
  const CachedStep step{.diff_id = layer.diff_id, .created = base::time_now()};
  if (!layer.diff_id.empty())
    session_.store().layers().adopt(
        work_->workspace->upper(),
        {.diff_id = layer.diff_id, .size = layer.size, .tar_size = layer.tar_size});
  end_step(StepEnd::done);
  commons.cache.put(work_->key, step, current_->text);
  commons.made.insert(work_->key);
  session_.used.push_back({work_->key, step, current_->text});
  work_.reset();
  append_layer(step);
}

void StageBuilder::append_layer(const CachedStep& step) {
  auto& document = state_.document;
  if (!step.diff_id.empty() && document.diff_ids.size() == k_most_image_layers)
    fail("an image has at most {} layers", k_most_image_layers);
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
  return RootView{session_.store().layers().directories_of(state_.document.diff_ids)};
}

void StageBuilder::operator()(const WorkdirInstruction& workdir) {
  config_step()(workdir);
  const auto& config = state_.document.config;
  CacheKey key;
  key.add("workdir").add(config.directory).add(config.user);
  layer_step(std::move(key), {.make = [this, directory = config.directory, user = config.user](
                                          const Workspace& workspace, WorkerReport&) {
               const auto below = view_below();
               LayerWriter writer{workspace.upper(), below};
               const auto placed = writer.place(directory);
               if (writer.is_directory(placed)) return;
               timespec time{};
               ::clock_gettime(CLOCK_REALTIME, &time);
               writer.make_directories(placed, {.owner = resolve_owner(below, user), .modified = time});
               writer.finish();
             }});
}

// ---- variables ----

std::optional<std::string> StageBuilder::variable(std::string_view name) const {
  if (const auto found = state_.arguments.find(std::string{name}); found != state_.arguments.end())
    return found->second;
  return environment_value(state_.document.config, name);
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

void StageBuilder::operator()(const EnvInstruction& env) {
  std::vector<std::string> names;
  for (const auto& [name, value] : env.variables) names.push_back(expand(name));
  config_step()(env);
  for (const auto& name : names) state_.arguments.erase(name);
  metadata_step();
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
