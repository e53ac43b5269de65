#pragma once
// A line under everything that is printed on a terminal, which says what keys there are: taken away before
// something else is printed, and drawn again after it.
#include <string>
#include <utility>

namespace compose::ui {

class HintLine {
 public:
  // `fd`: the terminal.
  HintLine(int fd, std::string text) : fd_(fd), text_(std::move(text)) {}
  ~HintLine() { hide(); }
  HintLine(const HintLine&) = delete;
  HintLine& operator=(const HintLine&) = delete;

  void show();  // from now on
  void hide();  // for good, or until show()
  void make_room();
  void draw();

 private:
  void write(const std::string& bytes) const noexcept;

  int fd_;
  std::string text_;
  bool shown_ = false;
  bool drawn_ = false;
};

}  // namespace compose::ui
