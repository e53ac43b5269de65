#include "compose/ui/raw_terminal.hpp"

#include <sys/ioctl.h>

#include "base/error.hpp"

namespace compose::ui {

RawTerminal::RawTerminal(int fd, Mode mode) : fd_(fd) {
  base::check(::tcgetattr(fd, &before_), "read the settings of the terminal");
  ::termios raw = before_;
  if (mode == Mode::raw)
    ::cfmakeraw(&raw);
  else
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  base::check(::tcsetattr(fd, TCSANOW, &raw), "put the terminal into raw mode");
}

RawTerminal::~RawTerminal() {
  if (fd_ >= 0) ::tcsetattr(fd_, TCSANOW, &before_);
}

void copy_window_size(int from, int to) noexcept {
  struct ::winsize size {};
  if (::ioctl(from, TIOCGWINSZ, &size) == 0) ::ioctl(to, TIOCSWINSZ, &size);
}

}  // namespace compose::ui
