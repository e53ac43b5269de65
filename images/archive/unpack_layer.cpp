#include "images/archive/unpack_layer.hpp"

#include <fcntl.h>

#include "base/error.hpp"
#include "base/sys.hpp"
#include "images/archive/byte_sink.hpp"
#include "images/archive/unpack.hpp"
#include "images/room.hpp"

namespace compose::images {
namespace {

std::uint64_t unpack_into(ByteSource& tar, const base::HostPath& upper) {
  const auto directory = base::sys::open(upper, O_RDONLY | O_DIRECTORY);
  return telling_room(upper, [&] { return unpack_tar(tar, directory.get(), {}).file_size; });
}

}  // namespace

void UnpackedLayer::must_be(const std::string& expected) const {
  if (diff_id != expected) base::fail("its content has the diff id {}", diff_id);
}

UnpackedLayer unpack_layer(ByteSource& blob, const base::HostPath& upper) {
  DecompressingSource plain{blob};
  DigestSink digest;
  TeeSource both{plain, digest};
  UnpackedLayer layer{.size = unpack_into(both, upper)};
  layer.tar_size = digest.size();
  layer.diff_id = digest.digest();
  return layer;
}

UnpackedLayer unpack_digested_layer(ByteSource& tar, const base::HostPath& upper, const std::string& diff_id,
                                    std::uint64_t tar_size) {
  return {.size = unpack_into(tar, upper), .tar_size = tar_size, .diff_id = diff_id};
}

}  // namespace compose::images
