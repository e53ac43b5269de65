#include "images/build/progress.hpp"

#include "base/text.hpp"

namespace compose::images {
namespace {

constexpr std::size_t k_max_partial_line = 64U << 10U;  // of a step that never ends its line

std::string seconds(std::chrono::nanoseconds time, int digits) {
  std::int64_t unit = 1'000'000'000;
  for (int i = 0; i < digits; ++i) unit /= 10;
  const auto scaled = (time.count() + unit / 2) / unit;
  auto text = std::to_string(scaled);
  const auto least = static_cast<std::size_t>(digits) + 1;
  if (text.size() < least) text.insert(0, least - text.size(), '0');
  return text.insert(text.size() - static_cast<std::size_t>(digits), ".");
}

}  // namespace

PlainBuildProgress::PlainBuildProgress(std::function<void(std::string_view)> write)
    : write_(std::move(write)) {}

void PlainBuildProgress::step_started(std::size_t number, const StepTitle& title) {
  if (!first_ && running_.empty()) write_("\n");
  first_ = false;
  write_(base::text("#{} {} {}\n", number, title.label, title.text));
  running_[number] = {
      .prefix = title.among_others ? base::text("#{} {} ", number, title.label) : base::text("#{} ", number),
      .partial = "",
      .started = std::chrono::steady_clock::now()};
}

void PlainBuildProgress::step_output(std::size_t number, std::string_view bytes) {
  auto& step = running_.at(number);
  const auto stamp = seconds(std::chrono::steady_clock::now() - step.started, 3);
  auto& partial = step.partial;
  partial += bytes;
  std::size_t from = 0;
  for (auto end = partial.find('\n'); end != std::string::npos; end = partial.find('\n', from)) {
    write_(base::text("{}{} {}\n", step.prefix, stamp, std::string_view{partial}.substr(from, end - from)));
    from = end + 1;
  }
  partial.erase(0, from);
  if (partial.size() > k_max_partial_line) flush_partial_line(step);
}

void PlainBuildProgress::flush_partial_line(Step& step) {
  if (step.partial.empty()) return;
  const auto stamp = seconds(std::chrono::steady_clock::now() - step.started, 3);
  write_(base::text("{}{} {}\n", step.prefix, stamp, step.partial));
  step.partial.clear();
}

void PlainBuildProgress::step_ended(std::size_t number, StepEnd end, std::chrono::nanoseconds took,
                                    const std::string& error) {
  auto& step = running_.at(number);
  flush_partial_line(step);
  if (end == StepEnd::cached) {
    write_(base::text("{}CACHED\n", step.prefix));
  } else if (end == StepEnd::done) {
    write_(base::text("{}DONE {}s\n", step.prefix, seconds(took, 1)));
  } else if (end == StepEnd::stopped) {
    write_(base::text("{}CANCELED\n", step.prefix));
  } else {
    write_(base::text("{}ERROR: {}\n", step.prefix, error.substr(0, error.find('\n'))));
  }
  running_.erase(number);
}

void PlainBuildProgress::warning(const std::string& message) {
  write_(base::text("WARNING: {}\n", message));
}

}  // namespace compose::images
