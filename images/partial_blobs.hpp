#pragma once
// Archives of layers that have not arrived completely, by digest: a pull that breaks, or is killed, goes on
// from there next time, in whatever process. Nothing vouches for what is in them until the digest of the
// whole does.
//
//   partial/<64 hex>   grows while somebody holds its lock (flock); goes when nobody has touched it for a day
#include <cstdint>
#include <optional>
#include <string>

#include "base/path.hpp"
#include "base/unique_fd.hpp"

namespace compose::images {

// One of them, held by this process and by those it has forked.
class PartialBlob {
 public:
  PartialBlob(base::HostPath path, base::UniqueFd file, std::uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}
  ~PartialBlob();  // stays for the next one who wants it, if there is anything in it
  PartialBlob(PartialBlob&& other) noexcept = default;
  PartialBlob& operator=(PartialBlob&&) = delete;

  [[nodiscard]] const base::HostPath& path() const noexcept { return path_; }
  [[nodiscard]] int fd() const noexcept { return file_.get(); }        // read and write
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }  // as it was opened
  void discard();

 private:
  base::HostPath path_;
  base::UniqueFd file_;
  std::uint64_t size_;
};

class PartialBlobs {
 public:
  explicit PartialBlobs(base::HostPath directory) : directory_(std::move(directory)) {}

  // What there is of the blob, which may be nothing. One that is larger than `size` cannot be it and begins
  // anew. nullopt: somebody else is at it.
  [[nodiscard]] std::optional<PartialBlob> open(const std::string& digest, std::uint64_t size) const;

  struct Usage {
    std::size_t count = 0;
    std::uint64_t bytes = 0;
  };
  [[nodiscard]] Usage usage() const;
  // Removes those that nobody holds and nobody has touched for so long; returns their bytes.
  std::uint64_t remove_older_than(std::int64_t seconds) const;

 private:
  base::HostPath directory_;
};

}  // namespace compose::images
