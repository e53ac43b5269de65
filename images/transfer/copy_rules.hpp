#pragma once
// What `cp` makes of two paths, from what there is: which name the source gets, and where. Pure. The rules
// are those of `docker cp`: a directory that exists takes the source in, or what is in it where the source
// ends with "/."; what does not exist is made, but for its parents; a file is replaced by a file.
#include <cstdint>
#include <string>
#include <string_view>

namespace compose::images {

enum class CopyKind : std::uint8_t { missing, directory, other };  // other: a file, a link, a device ...

struct CopyEnds {
  std::string source;       // as the user wrote it
  std::string source_path;  // absolute and clean: its last component is the name to give
  CopyKind source_is = CopyKind::other;
  std::string destination;
  CopyKind destination_is = CopyKind::missing;  // links are followed
};

struct CopyPlan {
  bool inside = false;  // the destination, which is a directory; otherwise in its place
  std::string name;     // inside: what the source is called there; "": what is in the source goes there
  bool operator==(const CopyPlan&) const = default;
};

// Errors: "'a/': Not a directory" ...
[[nodiscard]] CopyPlan plan_copy(const CopyEnds& ends);

// A tar goes where a directory is.
void check_tar_destination(const std::string& destination, CopyKind destination_is);

// "a/." and ".": what is in it is meant.
[[nodiscard]] bool means_contents(std::string_view path) noexcept;
// "a/" and "a/.": only a directory can be meant.
[[nodiscard]] bool means_directory(std::string_view path) noexcept;

}  // namespace compose::images
