#pragma once
// A directory becomes a tar stream: names in byte order, so that equal trees give equal bytes. In layer form
// the marks of overlayfs become the whiteouts of the OCI image specification (layer.md): a character device
// 0:0 is written as ".wh.<name>", a directory with trusted.overlay.opaque gets an entry ".wh..wh..opq".
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "base/path.hpp"
#include "images/archive/byte_sink.hpp"

namespace compose::images {

enum class PackForm : std::uint8_t { layer, plain };

struct Packed {
  std::string digest;           // "sha256:..." of the tar: the diff id
  std::uint64_t tar_size = 0;   // bytes
  std::uint64_t file_size = 0;  // bytes of file content, hard links once
  std::uint64_t entries = 0;    // without the root directory
};

// Each level of directories holds a descriptor while it is read.
inline constexpr std::size_t k_max_depth = 500;

// `into` nullptr: only the digest is wanted. Sockets are left out, as every tar does.
Packed pack_directory(const base::HostPath& directory, PackForm form, ByteSink* into = nullptr);
Packed pack_directory(int directory, PackForm form, ByteSink* into = nullptr);

// A tree that others may change meanwhile: what is gone when its turn comes is left out.
struct LiveTree {
  std::vector<std::string> unsteady;  // files that shrank and were filled up with zeros
  // The device and inode of the directory where all of it goes. Error when that is met in the tree: there
  // would be no end.
  std::optional<std::pair<dev_t, ino_t>> destination;
};
Packed pack_live_directory(int directory, PackForm form, ByteSink& into, LiveTree& tree);

// What is called `name` in an open directory, and all that is below it, in plain form, under another name.
// Error where it is gone.
struct PackStart {
  int parent = -1;
  std::string name;
  std::string as;
};
void pack_live_entry(const PackStart& start, ByteSink& into, LiveTree& tree);

}  // namespace compose::images
