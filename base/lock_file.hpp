#pragma once
// A lock that dies with its holder: flock(2) on a file. The file stays, unless its holder removes it together
// with the lock. A process that is handed the descriptor holds it too, until both have closed it or one has
// called release() or remove().
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/path.hpp"
#include "base/unique_fd.hpp"

namespace compose::base {

class LockFile {
 public:
  // The file and its directory (0711) are made where they are missing. nullopt: somebody else holds it.
  static std::optional<LockFile> try_acquire(const HostPath& path);
  static LockFile acquire(const HostPath& path);  // blocks
  // Blocks, and calls `tick` every so often. One at a time: it uses the process's SIGALRM.
  static LockFile acquire(const HostPath& path, std::chrono::milliseconds every,
                          const std::function<void()>& tick);
  static bool is_held(const HostPath& path);  // by anybody; makes no file
  void release();                             // for all who hold this one
  void remove();                              // so that nothing is left; who waits for it makes a new one
  // What the holder wrote with set_note, for "waiting for 'compose up' (pid 123)".
  static std::string note_of_holder(const HostPath& path);
  void set_note(std::string_view note);
  [[nodiscard]] std::string note() const;  // of the holder before, until set_note()
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  LockFile(HostPath path, UniqueFd fd) noexcept : path_(std::move(path)), fd_(std::move(fd)) {}
  static std::optional<LockFile> lock(const HostPath& path, int operation,
                                      const std::function<void()>& interrupted);
  HostPath path_;
  UniqueFd fd_;
};

}  // namespace compose::base
