// The redrawn block. It is drawn at most every 50 ms and once more at the end, so that a thousand containers
// do not cost a thousand screens.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <vector>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "compose/ui/progress.hpp"
#include "compose/ui/style.hpp"
#include "compose/ui/table.hpp"

namespace compose::ui {
namespace {

using std::chrono::steady_clock;
constexpr auto k_between_draws = std::chrono::milliseconds{50};
constexpr std::array<std::string_view, 10> k_spinner{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};

struct Row {
  std::string object;
  sched::Progress::Phase phase = sched::Progress::Phase::working;
  std::string text;
  std::string details;
  steady_clock::time_point begun;
  steady_clock::time_point ended;
};

void pad_to(std::string& text, std::size_t width) {
  text.append(width - std::min(width, display_width(text)), ' ');
}

}  // namespace

std::string progress_line(const ProgressWords& words, std::size_t name_width, std::size_t room) {
  const std::size_t state = display_width(words.text) + 2;
  const std::size_t name_room = std::min(name_width, room > state ? room - state : 0);
  std::string line = shorten(words.object, name_room);
  pad_to(line, name_room);
  line += (name_room == 0 ? "" : "  ") + words.text;
  line = shorten(line, room);
  const std::size_t left = room - display_width(line);
  constexpr std::size_t least = 4;  // that are worth reading
  if (!words.details.empty() && left >= least) line += " " + shorten(words.details, left - 1);
  pad_to(line, room);
  return line;
}

namespace {

class TtyProgress final : public ProgressView {
 public:
  TtyProgress(const ProgressSettings& settings, const base::Clock& clock)
      : settings_(settings), clock_(clock) {}

  void update(const std::string& object, Phase phase, const std::string& text,
              const std::string& details) override {
    const auto now = clock_.monotonic();
    const auto [found, is_new] = index_.try_emplace(object, rows_.size());
    if (is_new) rows_.push_back({.object = object, .begun = now});
    auto& row = rows_[found->second];
    if (!is_new && phase == Phase::working && row.phase != Phase::working) row.begun = now;
    row.phase = phase;
    row.text = text;
    row.details = details;
    if (phase != Phase::working) row.ended = now;
    if (now - drawn_ >= k_between_draws) draw();
  }

  void tick() override {
    ++turn_;
    if (!rows_.empty()) draw();
  }

  void finish() override {
    if (!rows_.empty()) draw();
    rows_.clear();
    index_.clear();
    lines_drawn_ = 0;
  }

  [[nodiscard]] bool needs_ticks() const override { return true; }

 private:
  std::string coloured(std::string_view text, std::string_view colour) const {
    return settings_.colour ? base::text("{}{}{}", colour, text, k_plain) : std::string{text};
  }

  std::string mark(const Row& row) const {
    switch (row.phase) {
      case Phase::done:
        return coloured("✔", k_green);
      case Phase::warning:
        return coloured("!", k_yellow);
      case Phase::error:
        return coloured("✘", k_red);
      case Phase::working:
        break;
    }
    return coloured(k_spinner[turn_ % k_spinner.size()], k_blue);
  }

  std::string line(const Row& row, std::size_t name_width, std::size_t columns) const {
    const auto end = row.phase == Phase::working ? clock_.monotonic() : row.ended;
    const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(end - row.begun).count() / 100;
    const std::string took = base::text("{}.{}s", tenths / 10, tenths % 10);
    const std::size_t room = columns > 6 + took.size() ? columns - 6 - took.size() : 10;
    const std::string text =
        progress_line({.object = row.object, .text = row.text, .details = row.details}, name_width, room);
    const auto colour = row.phase == Phase::error ? k_red : row.phase == Phase::warning ? k_yellow : k_blue;
    return " " + mark(row) + " " + text + " " + coloured(took, colour);
  }

  // As many rows as fit; what works or failed goes before what is done.
  std::vector<const Row*> visible(std::size_t most) const {
    std::vector<const Row*> rows;
    for (const auto& row : rows_) rows.push_back(&row);
    if (rows.size() <= most) return rows;
    std::ranges::stable_sort(rows, {}, [](const Row* row) { return row->phase == Phase::done; });
    rows.resize(most);
    return rows;
  }

  void draw() {
    const auto size = window_size(settings_.fd);
    const auto rows = visible(size.rows > 4 ? size.rows - 3 : 1);
    std::size_t width = 0;
    for (const auto* row : rows) width = std::max(width, display_width(row->object));
    const auto done = std::ranges::count_if(rows_, [](const Row& r) { return r.phase != Phase::working; });
    std::string out;
    if (lines_drawn_ > 0) out += base::text("\x1b[{}A", lines_drawn_);
    const auto add = [&](const std::string& text) { out += "\x1b[2K" + text + "\n"; };
    add(coloured(base::text("[+] {}{} {}/{}", settings_.dry_run ? "DRY-RUN MODE - " : "", settings_.verb,
                            done, rows_.size()),
                 k_blue));
    for (const auto* row : rows) add(line(*row, width, size.columns));
    std::size_t lines = 1 + rows.size();
    if (rows.size() < rows_.size()) {
      add(base::text(" ... {} more", rows_.size() - rows.size()));
      ++lines;
    }
    out += "\x1b[J";
    lines_drawn_ = lines;
    drawn_ = clock_.monotonic();
    try {
      base::sys::write_all(settings_.fd, out);
    } catch (const base::Error&) {
      // The terminal went away; the work goes on.
    }
  }

  ProgressSettings settings_;
  const base::Clock& clock_;
  std::vector<Row> rows_;
  std::map<std::string, std::size_t> index_;
  std::size_t lines_drawn_ = 0;
  std::size_t turn_ = 0;
  steady_clock::time_point drawn_{};
};

}  // namespace

std::unique_ptr<ProgressView> make_tty_progress(const ProgressSettings& settings, const base::Clock& clock) {
  return std::make_unique<TtyProgress>(settings, clock);
}

}  // namespace compose::ui
