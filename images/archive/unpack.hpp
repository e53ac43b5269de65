#pragma once
// A tar stream becomes a directory tree. The input is hostile until proven otherwise: every name is resolved
// below the target with openat2(RESOLVE_IN_ROOT), so links in the tree may be walked but cannot lead out;
// what is there is unlinked before something is made in its place; the last component is never followed;
// nothing made is ever opened again by name of a stranger. Needs root (owners, devices). A failed unpack
// leaves a partial tree, which the caller throws away.
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>

#include "images/archive/byte_source.hpp"

namespace compose::images {

// layer: ".wh." names are whiteouts and become what overlayfs understands. plain: they are refused, because
// an image could not hold them.
enum class UnpackForm : std::uint8_t { layer, plain };

struct UnpackOptions {
  UnpackForm form = UnpackForm::layer;
  std::optional<std::pair<uid_t, gid_t>> owner;  // of everything; nullopt: as the archive says
  std::uint64_t max_bytes = 0;  // of file content; 0: what the file system has left, less a reserve
  std::uint64_t max_entries = 10'000'000;
};

struct Unpacked {
  std::uint64_t entries = 0;
  std::uint64_t file_size = 0;  // bytes of file content
};

// `tar` is uncompressed; it is read to its end.
Unpacked unpack_tar(ByteSource& tar, int directory, const UnpackOptions& options);

}  // namespace compose::images
