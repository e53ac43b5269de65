#pragma once
// SHA-256 of the files of one build context, with the attributes that count, remembered between builds. A
// remembered digest counts only while device, inode, size, mtime and ctime are what they were; ctime cannot
// be set back by anybody, and a file that was changed within the clock tick in which it was read is not
// remembered at all.
#include <cstdint>
#include <string>
#include <sys/stat.h>
#include <unordered_map>

#include "base/database.hpp"
#include "base/record.hpp"

namespace compose::images {

struct RememberedDigest {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds
  std::int64_t changed = 0;   // nanoseconds
  std::string digest;         // 64 hex digits
  static constexpr auto fields() {
    using base::field;
    return std::tuple{
        field("device", &RememberedDigest::device),   field("inode", &RememberedDigest::inode),
        field("size", &RememberedDigest::size),       field("modified", &RememberedDigest::modified),
        field("changed", &RememberedDigest::changed), field("digest", &RememberedDigest::digest)};
  }
};

class FileDigests {
 public:
  // `context` names the row: the absolute path of the context. `kept` false: it goes with the build, and
  // nothing of it is worth remembering.
  FileDigests(base::Database& database, std::string context, bool kept = true);
  // The digest of the file `name` in `directory`, whose stat is `status`; `path` is its name in the context.
  const std::string& digest_of(int directory, const std::string& name, const std::string& path,
                               const struct ::stat& status);
  void save();  // when something was learnt that is kept

 private:
  base::Database& database_;
  std::string context_;
  std::unordered_map<std::string, RememberedDigest> known_;
  std::unordered_map<std::string, std::string> unsettled_;  // read in this build, too fresh to be remembered
  bool kept_ = true;
  bool changed_ = false;
};

// Of an open file with what a layer keeps of it: content, from its current position to its end, and
// attributes. A file without attributes has the digest of its content.
[[nodiscard]] std::string digest_with_attributes(int fd, const std::string& path);
// Of the attributes that a layer keeps of an open file or directory; "" where there are none.
[[nodiscard]] std::string digest_of_attributes(int fd, const std::string& path);
// Of an open file, from its current position to its end.
[[nodiscard]] std::string digest_of_file(int fd);

}  // namespace compose::images
