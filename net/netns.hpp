#pragma once
// Entering a network namespace for a while. Only in single-threaded processes: setns(2) moves the calling
// thread alone.
#include "base/unique_fd.hpp"

namespace compose::net {

// In a new network namespace until destroyed, then back in the one before. Coming back cannot be refused for
// the process that left it a moment ago; if the kernel does so all the same the process ends rather than go
// on in the wrong place.
class NewNetns {
 public:
  NewNetns();
  ~NewNetns();
  NewNetns(const NewNetns&) = delete;
  NewNetns& operator=(const NewNetns&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  [[nodiscard]] base::UniqueFd take() noexcept { return std::move(fd_); }

 private:
  base::UniqueFd before_;
  base::UniqueFd fd_;
};

}  // namespace compose::net
