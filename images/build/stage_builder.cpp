#include "images/build/stage_builder.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/fault.hpp"
#include "base/path.hpp"
#include "base/process.hpp"
#include "base/units.hpp"
#include "images/archive/pack.hpp"
#include "images/build/layer_writer.hpp"

namespace compose::images {
namespace {

using base::fail;

constexpr std::size_t k_max_title = 160;

void insert_sorted(std::vector<std::string>& list, const std::string& value) {
  const auto at = std::ranges::lower_bound(list, value);
  if (at == list.end() || *at != value) list.insert(at, value);
}

std::int64_t nanoseconds_of(const std::string& flag, const std::string& spelling) {
  if (spelling.empty()) return 0;
  const auto duration = base::parse_duration(spelling);
  if (!duration || duration->count() < 0) fail("HEALTHCHECK --{}: '{}' is not a duration", flag, spelling);
  return duration->count();
}

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
  auto& config = state_.document.config;
  const auto path = expand(workdir.path);
  if (path.empty()) fail("WORKDIR is empty after its variables are replaced");
  config.directory = base::absolute_path(path, config.directory.empty() ? "/" : config.directory);
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
  for (const auto& entry : state_.document.config.environment)
    if (entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=')
      return entry.substr(name.size() + 1);
  if (const auto found = state_.arguments.find(std::string{name}); found != state_.arguments.end())
    return found->second;
  return std::nullopt;
}

std::string StageBuilder::expand(const std::string& word) const {
  return expand_word(
      word, [this](std::string_view name) { return variable(name); }, session_.dockerfile.escape);
}

void StageBuilder::set_environment(const std::string& name, const std::string& value) {
  auto& environment = state_.document.config.environment;
  const auto found =
      std::ranges::find_if(environment, [&](const auto& entry) { return entry.starts_with(name + "="); });
  if (found != environment.end()) {
    *found = name + "=" + value;
  } else {
    environment.push_back(name + "=" + value);
  }
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
  std::vector<NameValue> expanded;  // all see the values before this line
  for (const auto& [name, value] : env.variables) expanded.emplace_back(expand(name), expand(value));
  for (const auto& [name, value] : expanded) set_environment(name, value);
  metadata_step();
}

void StageBuilder::operator()(const LabelInstruction& label) {
  for (const auto& [name, value] : label.labels) state_.document.config.labels[expand(name)] = expand(value);
  metadata_step();
}

// ---- the rest of the config ----

std::vector<std::string> StageBuilder::through_shell(const std::string& text) const {
  auto argv = state_.document.config.shell;
  if (argv.empty()) argv = {"/bin/sh", "-c"};
  argv.push_back(text);
  return argv;
}

std::vector<std::string> StageBuilder::command_line(const Command& command) const {
  if (!command.shell_form) return command.argv;
  if (command.text.empty()) return {};
  return through_shell(command.text);
}

void StageBuilder::operator()(const CmdInstruction& cmd) {
  state_.document.config.command = command_line(cmd.command);
  state_.command_is_own = true;
  metadata_step();
}

void StageBuilder::operator()(const EntrypointInstruction& entrypoint) {
  state_.document.config.entrypoint = command_line(entrypoint.command);
  if (!state_.command_is_own)
    state_.document.config.command.clear();  // the base's belongs to the base's entrypoint
  metadata_step();
}

void StageBuilder::operator()(const ShellInstruction& shell) {
  state_.document.config.shell = shell.argv;
  metadata_step();
}

void StageBuilder::operator()(const HealthcheckInstruction& check) {
  HealthConfig health;
  if (check.none) {
    health.test = {"NONE"};
  } else {
    health.test = {check.command.shell_form ? "CMD-SHELL" : "CMD"};
    if (check.command.shell_form) {
      health.test.push_back(check.command.text);
    } else {
      health.test.insert(health.test.end(), check.command.argv.begin(), check.command.argv.end());
    }
    health.interval = nanoseconds_of("interval", check.interval);
    health.timeout = nanoseconds_of("timeout", check.timeout);
    health.start_period = nanoseconds_of("start-period", check.start_period);
    health.start_interval = nanoseconds_of("start-interval", check.start_interval);
    const auto& retries = check.retries;
    const auto parsed = std::from_chars(retries.data(), retries.data() + retries.size(), health.retries);
    if (!retries.empty() &&
        (parsed.ec != std::errc{} || parsed.ptr != retries.data() + retries.size() || health.retries < 0))
      fail("HEALTHCHECK --retries: '{}' is not a number", retries);
  }
  state_.document.config.health = std::move(health);
  metadata_step();
}

void StageBuilder::operator()(const UserInstruction& user) {
  state_.document.config.user = expand(user.user);
  metadata_step();
}

void StageBuilder::operator()(const ExposeInstruction& expose) {
  for (const auto& word : expose.ports) {
    const auto port = expand(word);
    const auto slash = port.find('/');
    const auto protocol = slash == std::string::npos ? std::string{"tcp"} : port.substr(slash + 1);
    const auto range = port.substr(0, slash);
    const auto dash = range.find('-');
    const auto number = [&](const std::string& text) {
      std::uint16_t value = 0;
      const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
      if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value == 0)
        fail("EXPOSE '{}': must be a port from 1 to 65535, or a range, and may name a protocol", port);
      return value;
    };
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp")
      fail("EXPOSE '{}': the protocol must be tcp, udp or sctp", port);
    const auto first = number(range.substr(0, dash));
    const auto last = dash == std::string::npos ? first : number(range.substr(dash + 1));
    if (last < first) fail("EXPOSE '{}': the range runs backwards", port);
    for (std::uint32_t p = first; p <= last; ++p)
      insert_sorted(state_.document.config.exposed_ports, base::text("{}/{}", p, protocol));
  }
  metadata_step();
}

void StageBuilder::operator()(const VolumeInstruction& volume) {
  for (const auto& word : volume.paths) {
    const auto path = expand(word);
    if (path.empty()) fail("VOLUME has an empty path");
    insert_sorted(state_.document.config.volumes, base::absolute_path(path, "/"));
  }
  metadata_step();
}

void StageBuilder::operator()(const StopSignalInstruction& stop) {
  const auto signal = expand(stop.signal);
  if (!base::parse_signal(signal)) fail("STOPSIGNAL '{}' is not a signal", signal);
  state_.document.config.stop_signal = signal;
  metadata_step();
}

void StageBuilder::operator()(const OnBuildInstruction& trigger) {
  state_.document.config.on_build.push_back(trigger.trigger);
  metadata_step();
}

void StageBuilder::operator()(const MaintainerInstruction& maintainer) {
  state_.document.author = expand(maintainer.name);
  metadata_step();
}

}  // namespace compose::images
