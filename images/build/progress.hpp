#pragma once
// What a person sees of a build. The builder calls BuildProgress; PlainBuildProgress turns the calls into
// lines:
//
//   #5 [silo 2/3] COPY silo /silo
//   #5 CACHED
//   #6 [silo 3/3] RUN make
//   #6 0.213 cc -o silo silo.c
//   #6 DONE 0.4s
//
// Where steps of several stages or images may run at the same time, each line says whose it is:
//
//   #6 [silo 3/3] 0.213 cc -o silo silo.c
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace compose::images {

enum class StepEnd : std::uint8_t { done, cached, failed, stopped };

struct StepTitle {
  std::string label;          // "[silo 2/3]"
  std::string text;           // "COPY silo /silo"
  bool among_others = false;  // steps of other stages may run at the same time
};

class BuildProgress {
 public:
  virtual ~BuildProgress() = default;
  // `number` counts from 1 over all images that are built together.
  virtual void step_started(std::size_t number, const StepTitle& title) = 0;
  virtual void step_output(std::size_t number, std::string_view bytes) = 0;
  virtual void step_ended(std::size_t number, StepEnd end, std::chrono::nanoseconds took,
                          const std::string& error) = 0;
  virtual void warning(const std::string& message) = 0;
  virtual void tick() {}  // several times a second while something runs
};

// For --quiet and tests.
class SilentBuildProgress final : public BuildProgress {
 public:
  void step_started(std::size_t, const StepTitle&) override {}
  void step_output(std::size_t, std::string_view) override {}
  void step_ended(std::size_t, StepEnd, std::chrono::nanoseconds, const std::string&) override {}
  void warning(const std::string&) override {}
};

class PlainBuildProgress final : public BuildProgress {
 public:
  // `write` takes whole lines with their newline.
  explicit PlainBuildProgress(std::function<void(std::string_view)> write);
  void step_started(std::size_t number, const StepTitle& title) override;
  void step_output(std::size_t number, std::string_view bytes) override;
  void step_ended(std::size_t number, StepEnd end, std::chrono::nanoseconds took,
                  const std::string& error) override;
  void warning(const std::string& message) override;

 private:
  struct Step {
    std::string prefix;   // "#6 "
    std::string partial;  // of a line
    std::chrono::steady_clock::time_point started;
  };
  void flush_partial_line(Step& step);
  std::function<void(std::string_view)> write_;
  std::map<std::size_t, Step> running_;
  bool first_ = true;
};

}  // namespace compose::images
