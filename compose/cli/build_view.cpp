#include "compose/cli/build_view.hpp"

#include "base/text.hpp"
#include "compose/ui/progress.hpp"

namespace compose::cli {
namespace {

using Phase = sched::Progress::Phase;
using images::StepEnd;

constexpr std::size_t k_most_title = 64;
constexpr std::size_t k_most_line = 4096;

bool ends_escape(char c) {
  return (c >= '@' && c <= '~') || c == '\a';
}

}  // namespace

std::string last_line_of(std::string_view bytes) {
  while (bytes.ends_with('\n') || bytes.ends_with('\r')) bytes.remove_suffix(1);
  const auto start = bytes.find_last_of("\n\r");
  if (start != std::string_view::npos) bytes.remove_prefix(start + 1);
  std::string line;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == '\x1b' && i + 1 < bytes.size()) {
      const bool is_sequence = bytes[i + 1] == '[' || bytes[i + 1] == ']';
      ++i;
      if (is_sequence)
        for (++i; i < bytes.size() && !ends_escape(bytes[i]);) ++i;
    } else if (c == '\t') {
      line += ' ';
    } else if (static_cast<unsigned char>(c) >= ' ' && c != '\x7f') {
      line += c;
    }
  }
  return line;
}

void LiveBuildProgress::step_started(std::size_t number, const images::StepTitle& title) {
  auto row = title.label + " " + title.text;
  if (row.size() > k_most_title) row = row.substr(0, k_most_title - 3) + "...";
  running_[number] = {.row = base::text("#{} {}", number, row), .line = ""};
  view_.update(running_[number].row, Phase::working, "", "");
}

void LiveBuildProgress::step_output(std::size_t number, std::string_view bytes) {
  auto& step = running_.at(number);
  if (step.line.ends_with('\n')) step.line.clear();
  step.line += bytes;
  // Only what follows the end of the last whole line can still matter.
  const auto end = step.line.find_last_of('\n', step.line.size() < 2 ? 0 : step.line.size() - 2);
  if (end != std::string::npos) step.line.erase(0, end + 1);
  if (step.line.size() > k_most_line) step.line.erase(0, step.line.size() - k_most_line);
  view_.update(step.row, Phase::working, "", last_line_of(step.line));
}

void LiveBuildProgress::step_ended(std::size_t number, StepEnd end, std::chrono::nanoseconds,
                                   const std::string&) {
  const auto& row = running_.at(number).row;
  if (end == StepEnd::cached) view_.update(row, Phase::done, "Cached", "");
  if (end == StepEnd::done) view_.update(row, Phase::done, "Done", "");
  if (end == StepEnd::failed) view_.update(row, Phase::error, "Error", "");
  if (end == StepEnd::stopped) view_.update(row, Phase::warning, "Canceled", "");
  running_.erase(number);
}

void LiveBuildProgress::warning(const std::string& message) {
  view_.update(base::text("Warning {}", ++warnings_), Phase::warning, "", message);
}

void LiveBuildProgress::tick() {
  view_.tick();
}

}  // namespace compose::cli
