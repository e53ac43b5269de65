#pragma once
// A layer as it lies in a registry or an archive becomes a directory; what a process that does it has to say
// at its end.
#include <cstdint>
#include <string>
#include <tuple>

#include "base/path.hpp"
#include "base/wire.hpp"
#include "images/archive/byte_source.hpp"

namespace compose::images {

struct UnpackedLayer {
  std::uint64_t size = 0;      // bytes of file content
  std::uint64_t tar_size = 0;  // bytes of the uncompressed tar
  std::string diff_id;         // "sha256:..." of them
  static constexpr auto fields() {
    return std::tuple{base::field("size", &UnpackedLayer::size),
                      base::field("tar_size", &UnpackedLayer::tar_size),
                      base::field("diff_id", &UnpackedLayer::diff_id)};
  }
  void must_be(const std::string& expected) const;  // Error when the diff id is another one
};

// `blob` may be compressed and is read to its end; `upper` is an empty directory.
UnpackedLayer unpack_layer(ByteSource& blob, const base::HostPath& upper);
// The same of a tar that is not compressed and has been digested.
UnpackedLayer unpack_digested_layer(ByteSource& tar, const base::HostPath& upper, const std::string& diff_id,
                                    std::uint64_t tar_size);

}  // namespace compose::images
