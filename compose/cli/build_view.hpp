#pragma once
// A build on a terminal: each step is a row of the progress view, with the last line that it wrote.
#include <map>
#include <string>

#include "images/build/progress.hpp"

namespace compose::ui {
class ProgressView;
}

namespace compose::cli {

class LiveBuildProgress final : public images::BuildProgress {
 public:
  explicit LiveBuildProgress(ui::ProgressView& view) : view_(view) {}
  void step_started(std::size_t number, const images::StepTitle& title) override;
  void step_output(std::size_t number, std::string_view bytes) override;
  void step_ended(std::size_t number, images::StepEnd end, std::chrono::nanoseconds took,
                  const std::string& error) override;
  void warning(const std::string& message) override;
  void tick() override;

 private:
  struct Step {
    std::string row;
    std::string line;  // the last one, so far
  };
  ui::ProgressView& view_;
  std::map<std::size_t, Step> running_;
  int warnings_ = 0;
};

// The last line of what a program wrote, as it may be shown in a row: what a carriage return overwrites,
// escape sequences and other control characters are left out.
[[nodiscard]] std::string last_line_of(std::string_view bytes);

}  // namespace compose::cli
