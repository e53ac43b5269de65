#pragma once
// Carries out the instructions of one stage, in order, as far as it can without waiting: for another stage,
// or for work, which is done in a process of its own while other stages go on. One function per instruction;
// those that make layers go through layer_step(), which asks the cache first. Internal to images/build.
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "images/build/build_state.hpp"
#include "images/build/config_step.hpp"
#include "images/build/root_view.hpp"
#include "images/worker.hpp"

namespace compose::images {

class StepCaches;

class StageBuilder {
 public:
  StageBuilder(BuildSession& session, const Stage& stage);

  // Goes on until the stage is complete (and in the session's results), has work, or waits for another one.
  void advance();
  [[nodiscard]] bool is_complete() const noexcept { return complete_; }
  [[nodiscard]] std::string place() const;  // "Dockerfile:7", where it stands
  [[nodiscard]] bool has_work() const noexcept { return work_.has_value(); }
  // What the work depends on: two with the same key are done once. Empty: it makes no layer.
  [[nodiscard]] const std::string& work_key() const noexcept { return work_->key; }
  // False: the cache knows the answer by now, and there is nothing left to do.
  bool begin_work();
  [[nodiscard]] std::string do_work(WorkerReport& report) const;  // in the worker
  void hear_output(std::string_view bytes);
  void end_work(const WorkerOutcome& outcome);
  void stop_work() { end_step(StepEnd::stopped); }  // another one has failed

  void operator()(const FromInstruction&);
  void operator()(const ArgInstruction&);
  void operator()(const CopyInstruction&);
  void operator()(const RunInstruction&);
  void operator()(const WorkdirInstruction&);
  void operator()(const EnvInstruction&);
  template <ConfigInstruction T>
  void operator()(const T& instruction) {
    config_step()(instruction);
    metadata_step();
  }

 private:
  // Fills the workspace's upper directory.
  using MakeLayer = std::function<void(const Workspace&, WorkerReport&)>;
  struct Work {
    std::string key = {};
    std::function<void()> prepare = {};  // here, before
    MakeLayer make = {};                 // there: a layer
    // There and here: something that has to be known before the step is.
    std::function<std::string(WorkerReport&)> find_out = {};
    std::function<void(const std::string&)> then = {};
    std::shared_ptr<const Workspace> workspace = {};  // of the layer
    std::chrono::steady_clock::time_point started = {};
  };

  bool begin_from_base();
  bool is_ready(const std::string& name) const;
  bool image_is_ready(const std::string& name) const;
  bool execute(const Instruction& instruction);
  std::size_t count_steps() const;
  void begin_step();
  void end_step(StepEnd end, const std::string& error = "");

  // `on_its_own`: whatever lies below, the layer is the same.
  void layer_step(CacheKey key, Work work, bool on_its_own = false);
  bool take_known_result();
  std::optional<CachedStep> known_result(const std::string& key);
  void adopt_layer(const std::string& made);
  void append_layer(const CachedStep& step);
  void metadata_step();
  StepTitle step_title() const;
  bool may_use_cache() const;

  [[nodiscard]] ConfigStep config_step();
  std::string expand(const std::string& word) const;
  std::optional<std::string> variable(std::string_view name) const;
  std::vector<std::string> through_shell(const std::string& text) const;
  std::vector<std::string> command_line(const Command& command) const;
  [[nodiscard]] RootView view_below() const;

  // COPY and ADD (copy_step.cpp).
  struct CopyWork;
  std::shared_ptr<CopyWork> prepare_copy(const CopyInstruction& copy) const;
  void find_out_remotes(const CopyInstruction& copy, const std::shared_ptr<CopyWork>& work);
  void copy_step(const CopyInstruction& copy, const std::shared_ptr<CopyWork>& work);
  void list_sources(CopyWork& work, const CopyInstruction& copy);
  void perform_copy(CopyWork& work, const Workspace& workspace) const;

  // RUN (run_step.cpp).
  struct RunWork;
  void prepare_mount(const RunMount& mount, RunWork& work, CacheKey& key);
  void prepare_ssh(const RunMount& mount, const std::string& target, RunWork& work) const;
  void prepare_secret(const RunMount& mount, const std::string& target, RunWork& work) const;
  void prepare_cache(const RunMount& mount, const std::string& target, RunWork& work, CacheKey& key);
  void prepare_bind(const RunMount& mount, const std::string& target, RunWork& work, CacheKey& key);
  void perform_run(const RunWork& work, const Workspace& workspace, WorkerReport& report) const;
  static void mount_caches(const RunWork& work, StepCaches& caches, StepSpec& spec);
  [[nodiscard]] StepSpec settings_of(const RunInstruction& run) const;
  [[nodiscard]] StepSpec step_of(const RunWork& work, const Workspace& workspace) const;
  std::vector<std::string> run_environment() const;
  std::vector<std::string> run_command_line(const RunInstruction& run, std::vector<StepMount>& mounts) const;

  BuildSession& session_;
  const Stage& stage_;
  StageState state_;
  std::deque<Instruction> triggers_;  // what ONBUILD of the base image left for whoever builds from it
  std::vector<const Instruction*> instructions_;
  std::size_t next_ = 0;
  bool begun_ = false;
  bool complete_ = false;
  const Instruction* current_ = nullptr;
  std::optional<Work> work_;
  std::size_t step_in_stage_ = 0;
  std::size_t steps_in_stage_ = 0;
  std::size_t running_number_ = 0;  // of the current instruction's step; 0: it has not begun
};

}  // namespace compose::images
