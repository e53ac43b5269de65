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

void PlainBuildProgress::step_started(std::size_t number, const std::string& title) {
  if (!first_) write_("\n");
  first_ = false;
  partial_.clear();
  started_ = std::chrono::steady_clock::now();
  write_(base::text("#{} {}\n", number, title));
}

void PlainBuildProgress::step_output(std::size_t number, std::string_view bytes) {
  const auto stamp = seconds(std::chrono::steady_clock::now() - started_, 3);
  partial_ += bytes;
  std::size_t from = 0;
  for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n', from)) {
    write_(base::text("#{} {} {}\n", number, stamp, std::string_view{partial_}.substr(from, end - from)));
    from = end + 1;
  }
  partial_.erase(0, from);
  if (partial_.size() > k_max_partial_line) flush_partial_line(number);
}

void PlainBuildProgress::flush_partial_line(std::size_t number) {
  if (partial_.empty()) return;
  write_(
      base::text("#{} {} {}\n", number, seconds(std::chrono::steady_clock::now() - started_, 3), partial_));
  partial_.clear();
}

void PlainBuildProgress::step_ended(std::size_t number, StepEnd end, std::chrono::nanoseconds took,
                                    const std::string& error) {
  flush_partial_line(number);
  switch (end) {
    case StepEnd::cached:
      return write_(base::text("#{} CACHED\n", number));
    case StepEnd::done:
      return write_(base::text("#{} DONE {}s\n", number, seconds(took, 1)));
    case StepEnd::failed:
      return write_(base::text("#{} ERROR: {}\n", number, error.substr(0, error.find('\n'))));
  }
}

void PlainBuildProgress::warning(const std::string& message) {
  write_(base::text("WARNING: {}\n", message));
}

}  // namespace compose::images
