#pragma once
// What a person sees happen (sched::Progress), in one of four forms. All write to one descriptor, stderr
// unless COMPOSE_STATUS_STDOUT says otherwise; a reader that went away never stops the work.
//
//   plain  ` Container shop-web-1 Started `, one line for each change
//   json   one object a line
//   tty    a block that is redrawn: "[+] up 2/3" and a row for each object; tick() turns its spinner
//   quiet  errors and warnings are told elsewhere: nothing
#include <chrono>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "scheduler/effects.hpp"

namespace compose::ui {

class ProgressView : public sched::Progress {
 public:
  virtual void tick() {}    // several times a second, where needs_ticks()
  virtual void finish() {}  // nothing is drawn after it
  [[nodiscard]] virtual bool needs_ticks() const { return false; }
};

struct ProgressSettings {
  int fd = 2;
  std::string verb;     // for the header
  bool colour = false;  // tty only
  bool dry_run = false;
};

struct ProgressWords {
  std::string object;  // "Container shop-web-1"
  std::string text;    // "Started"
  std::string details;
};
// One row of the block, exactly `room` wide: names in a column of `name_width`. Where there is too little
// room the details are cut first, then the name, and last what happened.
[[nodiscard]] std::string progress_line(const ProgressWords& words, std::size_t name_width, std::size_t room);

std::unique_ptr<ProgressView> make_plain_progress(const ProgressSettings& settings);
std::unique_ptr<ProgressView> make_json_progress(const ProgressSettings& settings);
std::unique_ptr<ProgressView> make_quiet_progress();
std::unique_ptr<ProgressView> make_tty_progress(const ProgressSettings& settings, const base::Clock& clock);

}  // namespace compose::ui
