#pragma once
// Reads tar of every dialect (V7, ustar, GNU, pax) entry by entry with libarchive. Checks what can be checked
// without knowing where the entries go: sizes and owners in range, names that are text and not too long.
// Total: any input gives entries or an Error.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "images/archive/byte_source.hpp"
#include "images/archive/tar_writer.hpp"

namespace compose::images {

inline constexpr std::size_t k_max_entry_name = 4096;

struct DataBlock {
  std::string_view bytes;
  std::uint64_t offset = 0;  // in the file: blocks of a sparse file leave holes
};

class TarReader {
 public:
  // `source` is uncompressed and outlives the reader.
  explicit TarReader(ByteSource& source);
  // nullopt: the end. `path` is as the archive has it.
  std::optional<TarHeader> next();
  std::optional<DataBlock> data();  // of the entry next() gave; nullopt: its end

 private:
  ArchiveReader reader_;
};

// Does the (possibly compressed) file begin with a tar header? The position is left at the start.
[[nodiscard]] bool looks_like_tar(int fd);

}  // namespace compose::images
