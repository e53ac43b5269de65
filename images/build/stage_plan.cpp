#include "images/build/stage_plan.hpp"

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"
#include "images/build/dockerfile_lexer.hpp"
#include "images/platform.hpp"

namespace compose::images {
namespace {

using base::fail;

std::optional<std::size_t> as_index(const std::string& name) {
  std::size_t index = 0;
  const auto result = std::from_chars(name.data(), name.data() + name.size(), index);
  if (name.empty() || result.ec != std::errc{} || result.ptr != name.data() + name.size())
    return std::nullopt;
  return index;
}

void add_uses(const std::vector<Stage>& stages, Stage& stage, const Instruction& instruction) {
  for (const auto& place : places_used_by(instruction)) {
    stage.from.push_back(place);
    const auto found = find_stage(stages, place, stage.index);
    if (found) stage.uses.insert(*found);
    if (!found && base::lower_case(place) == stage.name)
      fail("--from={}: a stage cannot take from itself", place);
  }
}

void mark_needed(StagePlan& plan, std::size_t index) {
  if (!plan.needed.insert(index).second) return;
  for (const auto used : plan.stages[index].uses) mark_needed(plan, used);
}

class Planner {
 public:
  Planner(const Dockerfile& dockerfile, const std::map<std::string, std::string>& arguments,
          const std::map<std::string, std::string>& predefined)
      : dockerfile_(dockerfile), arguments_(arguments), predefined_(predefined) {}

  StagePlan run(const std::string& target) {
    for (const auto& instruction : dockerfile_.instructions) {
      const auto where = base::text("{}:{}", dockerfile_.name, instruction.line);
      base::with_context(where, [&] { add(instruction); });
    }
    choose_target(target);
    mark_needed(plan_, plan_.target);
    return std::move(plan_);
  }

 private:
  void add(const Instruction& instruction) {
    if (const auto* from = std::get_if<FromInstruction>(&instruction.body))
      return begin_stage(instruction, *from);
    if (const auto* arg = std::get_if<ArgInstruction>(&instruction.body)) declare(*arg);
    if (plan_.stages.empty()) return;
    Stage& stage = plan_.stages.back();
    stage.instructions.push_back(&instruction);
    add_uses(plan_.stages, stage, instruction);
  }

  void declare(const ArgInstruction& arg) {
    for (const auto& [name, value] : arg.arguments) {
      plan_.declared_arguments.insert(name);
      if (!plan_.stages.empty()) continue;
      if (const auto given = arguments_.find(name); given != arguments_.end()) {
        plan_.global_arguments[name] = given->second;
      } else if (value) {
        plan_.global_arguments[name] = expand(*value);
      } else if (const auto known = predefined_.find(name); known != predefined_.end()) {
        plan_.global_arguments[name] = known->second;
      }
    }
  }

  std::string expand(const std::string& word) const {
    const auto lookup = [this](std::string_view name) -> std::optional<std::string> {
      const std::string key{name};
      if (const auto found = plan_.global_arguments.find(key); found != plan_.global_arguments.end())
        return found->second;
      if (const auto found = predefined_.find(key); found != predefined_.end()) return found->second;
      return std::nullopt;
    };
    return expand_word(word, lookup, dockerfile_.escape);
  }

  void begin_stage(const Instruction& instruction, const FromInstruction& from) {
    Stage stage{.index = plan_.stages.size(), .line = instruction.line, .text = instruction.text};
    stage.base = expand(from.base);
    stage.platform = expand(from.platform);
    if (stage.base.empty()) fail("FROM '{}' is empty after its variables are replaced", from.base);
    if (stage.platform.empty() && !from.platform.empty())
      fail("FROM --platform={} is empty after its variables are replaced", from.platform);
    stage.name = from.name.empty() ? std::to_string(stage.index) : from.name;
    const auto wanted = base::lower_case(stage.base);
    for (const auto& other : plan_.stages)
      if (other.name == wanted && as_index(wanted) == std::nullopt) stage.base_stage = other.index;
    if (stage.base_stage) stage.uses.insert(*stage.base_stage);
    plan_.stages.push_back(std::move(stage));
  }

  void choose_target(const std::string& target) {
    plan_.target = plan_.stages.size() - 1;
    if (target.empty()) return;
    const auto wanted = base::lower_case(target);
    const auto found = std::ranges::find(plan_.stages.rbegin(), plan_.stages.rend(), wanted, &Stage::name);
    if (found == plan_.stages.rend()) fail("{}: no stage is called '{}'", dockerfile_.name, target);
    plan_.target = found->index;
  }

  const Dockerfile& dockerfile_;
  const std::map<std::string, std::string>& arguments_;
  const std::map<std::string, std::string>& predefined_;
  StagePlan plan_;
};

}  // namespace

std::vector<std::string> places_used_by(const Instruction& instruction) {
  std::vector<std::string> places;
  if (const auto* copy = std::get_if<CopyInstruction>(&instruction.body)) places.push_back(copy->from);
  if (const auto* run = std::get_if<RunInstruction>(&instruction.body))
    for (const auto& mount : run->mounts) places.push_back(mount.from);
  std::erase(places, "");
  return places;
}

void add_triggers(StagePlan& plan, std::size_t stage, const std::vector<const Instruction*>& triggers) {
  auto& user = plan.stages[stage];
  for (const auto* trigger : triggers) add_uses(plan.stages, user, *trigger);
  for (const auto used : user.uses) mark_needed(plan, used);
}

std::optional<std::size_t> find_stage(const std::vector<Stage>& stages, const std::string& name,
                                      std::size_t user) {
  const auto wanted = base::lower_case(name);
  const auto index = as_index(wanted);
  if (index) {
    if (*index < user) return index;
    fail("--from={}: there is no stage {} before this one", name, name);
  }
  std::optional<std::size_t> found;
  for (const auto& stage : stages)
    if (stage.index < user && stage.name == wanted) found = stage.index;  // of several the last
  return found;
}

std::map<std::string, std::string> predefined_arguments(const std::string& platform) {
  const auto own = own_platform();
  if (!platform.empty() && platform_rank(own, parse_platform(platform)) == 0)
    fail("platform '{}': only {} can be built on this machine", platform, own.text());
  return {{"TARGETPLATFORM", own.text()},
          {"TARGETOS", own.os},
          {"TARGETARCH", own.architecture},
          {"TARGETVARIANT", ""},
          {"TARGETSTAGE", ""},
          {"BUILDPLATFORM", own.text()},
          {"BUILDOS", own.os},
          {"BUILDARCH", own.architecture},
          {"BUILDVARIANT", ""}};
}

StagePlan plan_stages(const Dockerfile& dockerfile, const std::map<std::string, std::string>& arguments,
                      const std::map<std::string, std::string>& predefined, const std::string& target) {
  return Planner{dockerfile, arguments, predefined}.run(target);
}

}  // namespace compose::images
