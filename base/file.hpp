#pragma once
// Whole files: read with a limit, write aside and rename, list a directory, a temporary directory that
// removes itself.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.hpp"

namespace compose::base {

// Bytes of the file; Error when it is larger than `limit`.
std::string read_file(const HostPath& path, std::size_t limit = 64U << 20U);
std::optional<std::string> read_file_if_exists(const HostPath& path, std::size_t limit = 64U << 20U);

enum class Durability { volatile_, synced };  // synced: fsync of file and directory around the rename

// Readers see the old content or the new one, never a part.
void write_file_atomically(const HostPath& path, std::string_view bytes, unsigned mode = 0644,
                           Durability durability = Durability::volatile_);

// Names in the directory, sorted, without "." and ".."; empty where there is no such directory.
std::vector<std::string> list_directory(const HostPath& path);

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(const std::string& prefix = "/tmp/compose-");  // prefix + six random characters
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const HostPath& path() const noexcept { return path_; }

 private:
  HostPath path_;
};

}  // namespace compose::base
