#pragma once
// Files and directories are copied from one tree to another, one of them a container's, or to and from a tar.
// Every path is resolved with its tree's root as "/" (openat2, RESOLVE_IN_ROOT), whatever links are there and
// whoever exchanges them meanwhile. Which name gets what: copy_rules.hpp.
#include <cstdint>
#include <string>
#include <vector>

namespace compose::images {

struct CopyPlace {
  int root = -1;        // an open directory
  std::string written;  // the path as the user wrote it
  std::string path;     // absolute and clean
};

struct CopyOptions {
  bool archive = false;             // owners stay, with all that goes with them; otherwise all is ours
  bool follow_link = false;         // the source may be a link to what is meant
  std::vector<std::string> closed;  // in the root of the destination: directories that nothing is put into
};

struct CopyOutcome {
  std::vector<std::string> unsteady;  // files that shrank while they were read
  std::uint64_t left_out = 0;         // devices, unless `archive`, and what would go into closed directories
};

CopyOutcome copy_files(const CopyPlace& from, const CopyPlace& to, const CopyOptions& options);
// Owners as they are. `output` may be a pipe.
CopyOutcome copy_to_tar(const CopyPlace& from, int output, const CopyOptions& options);
// Plain or compressed. Owners as the archive says.
CopyOutcome copy_from_tar(int input, const CopyPlace& to, const CopyOptions& options);

}  // namespace compose::images
