#include "compose/ui/hint_line.hpp"

#include "base/error.hpp"
#include "base/sys.hpp"

namespace compose::ui {

void HintLine::show() {
  shown_ = true;
  draw();
}

void HintLine::hide() {
  make_room();
  shown_ = false;
}

void HintLine::make_room() {
  if (drawn_) write("\r\x1b[2K");
  drawn_ = false;
}

void HintLine::draw() {
  if (!shown_ || drawn_) return;
  write(text_);
  drawn_ = true;
}

// The output itself finds out that its terminal has gone.
void HintLine::write(const std::string& bytes) const noexcept {
  try {
    base::sys::write_all(fd_, bytes);
  } catch (const base::Error&) {
    return;
  }
}

}  // namespace compose::ui
