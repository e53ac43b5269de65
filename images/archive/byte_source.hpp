#pragma once
// Where bytes come from, block by block, in constant memory: a descriptor, or what a compressed stream
// unfolds to. gzip, zstd, xz and bzip2 are recognised by their first bytes; anything else passes as it is.
// All in process: nothing of a container or of the PATH is ever run to unpack something.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "images/archive/byte_sink.hpp"

struct archive;

namespace compose::images {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::string_view read() = 0;  // empty: the end. Valid until the next call.
};

// Reads a descriptor it does not own.
class FdSource final : public ByteSource {
 public:
  explicit FdSource(int fd) : fd_(fd), buffer_(k_buffer) {}
  std::string_view read() override;

 private:
  static constexpr std::size_t k_buffer = 256U << 10U;
  int fd_;
  std::vector<char> buffer_;
};

// Bytes in memory that outlive it.
class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) noexcept : bytes_(bytes) {}
  std::string_view read() override { return std::exchange(bytes_, {}); }

 private:
  std::string_view bytes_;
};

// Hands on what it reads, and tells a sink (a digest) about it.
class TeeSource final : public ByteSource {
 public:
  TeeSource(ByteSource& from, ByteSink& sink) noexcept : from_(from), sink_(sink) {}
  std::string_view read() override;

 private:
  ByteSource& from_;
  ByteSink& sink_;
};

struct FreeArchiveReader {
  void operator()(struct archive* a) const noexcept;
};
using ArchiveReader = std::unique_ptr<struct archive, FreeArchiveReader>;

class DecompressingSource final : public ByteSource {
 public:
  explicit DecompressingSource(ByteSource& compressed);
  std::string_view read() override;

 private:
  ByteSource& compressed_;
  ArchiveReader reader_;
  bool at_end_ = false;
};

// Lets libarchive pull from a ByteSource. The source outlives the reader. False: there is not a single byte.
bool open_reader(struct archive* reader, ByteSource& source);

}  // namespace compose::images
