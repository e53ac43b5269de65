#pragma once
// The terminal of the user in raw mode, as `exec -it` needs it; as it was before when this is destroyed.
#include <termios.h>

namespace compose::ui {

class RawTerminal {
 public:
  enum class Mode {
    raw,
    keys,  // one at a time and without echo; all else as it was
  };
  explicit RawTerminal(int fd, Mode mode = Mode::raw);  // Error when it is no terminal
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  void forget() noexcept { fd_ = -1; }  // somebody else has it now

 private:
  int fd_;
  ::termios before_{};
};

// Gives the window size of `from` to the pty `to`; nothing happens when one of them has none.
void copy_window_size(int from, int to) noexcept;

}  // namespace compose::ui
