#pragma once
// A tar stream becomes a directory tree. The input is hostile until proven otherwise: every name is resolved
// below the target with openat2(RESOLVE_IN_ROOT), so links in the tree may be walked but cannot lead out;
// what is there is unlinked before something is made in its place; the last component is never followed;
// nothing made is ever opened again by name of a stranger. Needs root (owners, devices). A failed unpack
// leaves a partial tree, which the caller throws away.
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <sys/types.h>
#include <utility>

#include "images/archive/byte_source.hpp"

namespace compose::images {

// layer: ".wh." names are whiteouts and become what overlayfs understands. plain: they are refused, because
// an image could not hold them. merge: into a tree that is in use. Names are only names; a directory is not
// replaced by something else nor something else by a directory, a device by
// nothing but another, and nothing is replaced that has something
// mounted on it; the target itself stays as it is, and neither limits nor a reserve of room are kept.
enum class UnpackForm : std::uint8_t { layer, plain, merge };

struct UnpackOptions {
  UnpackForm form = UnpackForm::layer;
  // Of everything; nullopt: as the archive says. A merge then gives no file the bits and capabilities that
  // were meant for another owner, and makes no devices.
  std::optional<std::pair<uid_t, gid_t>> owner;
  std::uint64_t max_bytes = 0;  // of file content; 0: what the file system has left, less a reserve
  std::uint64_t max_entries = 10'000'000;
  std::set<std::string> closed;  // merge: names in the target that nothing is put below
};

struct Unpacked {
  std::uint64_t entries = 0;
  std::uint64_t file_size = 0;  // bytes of file content
  std::uint64_t left_out = 0;   // of a merge: devices, and what would be below closed names
};

// `tar` is uncompressed; it is read to its end.
Unpacked unpack_tar(ByteSource& tar, int directory, const UnpackOptions& options);

}  // namespace compose::images
