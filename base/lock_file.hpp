#pragma once
// A lock that dies with its holder: flock(2) on a file. The file stays; only the lock goes.
#include <optional>
#include <string>
#include <string_view>

#include "base/path.hpp"
#include "base/unique_fd.hpp"

namespace compose::base {

class LockFile {
 public:
  // nullopt: somebody else holds it.
  static std::optional<LockFile> try_acquire(const HostPath& path);
  static LockFile acquire(const HostPath& path);  // blocks
  // What the holder wrote with set_note, for "waiting for 'compose up' (pid 123)".
  static std::string note_of_holder(const HostPath& path);
  void set_note(std::string_view note);

 private:
  explicit LockFile(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace compose::base
