#pragma once
// The owner of a file descriptor. Move-only; closes on destruction; self-move is safe. Any kernel object that
// is a descriptor (pidfd, detached mount, namespace, lock) is held by one of these or by a class that has
// one.
#include <unistd.h>
#include <utility>

namespace compose::base {

class UniqueFd {
 public:
  UniqueFd() noexcept = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) ::close(old);
  }
  explicit operator bool() const noexcept { return fd_ >= 0; }  // explicit: 0 is a valid descriptor

 private:
  int fd_ = -1;
};

}  // namespace compose::base
