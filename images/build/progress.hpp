#pragma once
// What a person sees of a build. The builder calls BuildProgress; PlainBuildProgress turns the calls into
// lines:
//
//   #5 [silo 2/3] COPY silo /silo
//   #5 CACHED
//   #6 [silo 3/3] RUN make
//   #6 0.213 cc -o silo silo.c
//   #6 DONE 0.4s
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace compose::images {

enum class StepEnd : std::uint8_t { done, cached, failed };

class BuildProgress {
 public:
  virtual ~BuildProgress() = default;
  // `number` counts from 1 within one build; `title` is "[silo 2/3] COPY silo /silo".
  virtual void step_started(std::size_t number, const std::string& title) = 0;
  virtual void step_output(std::size_t number, std::string_view bytes) = 0;
  virtual void step_ended(std::size_t number, StepEnd end, std::chrono::nanoseconds took,
                          const std::string& error) = 0;
  virtual void warning(const std::string& message) = 0;
};

// For --quiet and tests.
class SilentBuildProgress final : public BuildProgress {
 public:
  void step_started(std::size_t, const std::string&) override {}
  void step_output(std::size_t, std::string_view) override {}
  void step_ended(std::size_t, StepEnd, std::chrono::nanoseconds, const std::string&) override {}
  void warning(const std::string&) override {}
};

class PlainBuildProgress final : public BuildProgress {
 public:
  // `write` takes whole lines with their newline.
  explicit PlainBuildProgress(std::function<void(std::string_view)> write);
  void step_started(std::size_t number, const std::string& title) override;
  void step_output(std::size_t number, std::string_view bytes) override;
  void step_ended(std::size_t number, StepEnd end, std::chrono::nanoseconds took,
                  const std::string& error) override;
  void warning(const std::string& message) override;

 private:
  void flush_partial_line(std::size_t number);
  std::function<void(std::string_view)> write_;
  std::string partial_;  // of the running step
  std::chrono::steady_clock::time_point started_;
  bool first_ = true;
};

}  // namespace compose::images
