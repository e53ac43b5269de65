#pragma once
// Proves that the store is what its rows say: every image's layers are there, every archive has its digest,
// every unpacked layer is byte for byte what its archive or its digest means. With `repair`, a layer is
// unpacked again where its archive is whole, what cannot be mended counts as absent from then on, and rubbish
// is removed. Holds the writers' lease; reads everything, so it takes as long as reading everything takes.
#include <cstdint>
#include <string>
#include <vector>

#include "images/store.hpp"

namespace compose::images {

struct Finding {
  std::string object;  // "layer sha256:...", "blob sha256:...", "image sha256:..."
  std::string what;
  bool repaired = false;
};

struct VerifyReport {
  std::size_t images = 0;
  std::size_t layers = 0;
  std::size_t blobs = 0;
  std::size_t partial_blobs = 0;  // downloads that go on when they are asked for again; nothing to prove
  std::uint64_t partial_bytes = 0;
  std::vector<Finding> findings;
};

[[nodiscard]] VerifyReport verify_store(Store& store, bool repair);

}  // namespace compose::images
