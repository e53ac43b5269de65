#pragma once
// Standard output, buffered: what a command prints as data. Flushed when full, by flush() and by the
// destructor. A reader that went away is not an error of ours: write throws ReaderGone, which main turns into
// a quiet end.
#include <exception>
#include <string>
#include <string_view>

namespace compose::ui {

class ReaderGone final : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "the reader of the output went away"; }
};

class Output {
 public:
  explicit Output(int fd) noexcept : fd_(fd) {}
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text);
  void line(std::string_view text);
  void flush();
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
  std::string buffer_;
};

}  // namespace compose::ui
