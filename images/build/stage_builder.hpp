#pragma once
// Carries out the instructions of one stage, in order. One function per instruction; those that make layers
// go through layer_step(), which asks the cache first. Internal to images/build.
#include <functional>
#include <string>

#include "images/build/build_state.hpp"
#include "images/build/config_step.hpp"

namespace compose::images {

class StageBuilder {
 public:
  StageBuilder(BuildSession& session, const Stage& stage);
  StageState run();

  void operator()(const FromInstruction&);
  void operator()(const ArgInstruction&);
  void operator()(const CopyInstruction&);
  void operator()(const RunInstruction&);
  void operator()(const WorkdirInstruction&);
  template <ConfigInstruction T>
  void operator()(const T& instruction) {
    config_step()(instruction);
    metadata_step();
  }

 private:
  void begin_from_base();
  void run_triggers();
  void execute(const Instruction& instruction);
  std::size_t count_steps() const;

  // Fills the workspace's upper directory.
  using MakeLayer = std::function<void(const Workspace&)>;
  // `on_its_own`: whatever lies below, the layer is the same.
  void layer_step(CacheKey key, const MakeLayer& make, bool on_its_own = false);
  std::optional<CachedStep> known_result(const std::string& key);
  CachedStep make_layer(std::size_t number, const MakeLayer& make);
  void append_layer(const CachedStep& step);
  void metadata_step();
  std::string step_title() const;
  bool may_use_cache() const;

  [[nodiscard]] ConfigStep config_step();
  std::string expand(const std::string& word) const;
  std::optional<std::string> variable(std::string_view name) const;
  std::vector<std::string> through_shell(const std::string& text) const;
  std::vector<std::string> command_line(const Command& command) const;
  [[nodiscard]] RootView view_below() const;

  // COPY and ADD (copy_step.cpp).
  struct CopyWork;
  CopyWork prepare_copy(const CopyInstruction& copy);
  void download(CopyWork& work, bool only_unknown);
  void list_sources(CopyWork& work, const CopyInstruction& copy);
  void perform_copy(const CopyWork& work, const Workspace& workspace);

  // RUN (run_step.cpp).
  struct RunWork;
  void ssh_mount(const RunMount& mount, const std::string& target, RunWork& work) const;
  void prepare_mounts(const RunInstruction& run, RunWork& work, CacheKey& key);
  void perform_run(const RunInstruction& run, RunWork& work, const Workspace& workspace, std::size_t number);
  std::vector<std::string> run_environment() const;
  std::vector<std::string> run_command_line(const RunInstruction& run, std::vector<StepMount>& mounts) const;

  BuildSession& session_;
  const Stage& stage_;
  StageState state_;
  const Instruction* current_ = nullptr;
  std::size_t step_in_stage_ = 0;
  std::size_t steps_in_stage_ = 0;
  std::size_t running_number_ = 0;
};

}  // namespace compose::images
