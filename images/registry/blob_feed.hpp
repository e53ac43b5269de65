#pragma once
// A blob that is being downloaded by one process, read by another while it grows: the bytes are in a file,
// and a pipe says how many of them there are. Reading the end means that the whole blob is there and has the
// digest it should have.
#include <cstdint>
#include <vector>

#include "base/unique_fd.hpp"
#include "images/archive/byte_source.hpp"

namespace compose::images {

// The writer's end. What the reader is slow to hear is said again with the next mark.
class BlobMarks {
 public:
  explicit BlobMarks(base::UniqueFd pipe);
  void available(std::uint64_t bytes);
  void complete(std::uint64_t bytes);  // digest and size are right

 private:
  base::UniqueFd pipe_;
};

class GrowingBlob final : public ByteSource {
 public:
  GrowingBlob(base::UniqueFd file, base::UniqueFd marks);
  std::string_view read() override;  // Error when the writer gave up

 private:
  void hear();

  base::UniqueFd file_;
  base::UniqueFd marks_;
  std::uint64_t available_ = 0;
  std::uint64_t offset_ = 0;
  bool complete_ = false;
  std::vector<char> block_;
};

}  // namespace compose::images
