#pragma once
// Unpacked layers by diff id, and the workspaces in which new ones are made. A layer directory holds exactly
// what the layer changes, in the form overlayfs wants: removed names are character devices 0:0, replaced
// directories carry trusted.overlay.opaque. It is immutable once it has its name.
//
// Layers are not synced when they are made, because that would cost more than making them. Instead a row
// remembers in which boot its layer was written; a later writer syncs once and forgets that; and a layer
// whose boot ended before that is checked against its digest before it is used again.
//
// WriterLease keeps the sweeper away while something is being made; the sweeper runs when a lease is taken
// and nobody else holds one. A lease is not for those who only read.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "base/path.hpp"
#include "base/unique_fd.hpp"
#include "images/partial_blobs.hpp"
#include "images/workspace.hpp"

namespace compose::images {

struct Layer {
  std::string diff_id;         // "sha256:..." of the uncompressed tar
  std::uint64_t size = 0;      // bytes of file content
  std::uint64_t tar_size = 0;  // bytes of the uncompressed tar
  std::string blob;  // digest of the archive kept in blobs/, "" when the tar is made from the directory
  std::uint64_t blob_size = 0;  // bytes
  bool operator==(const Layer&) const = default;
};

// Belongs to the process that took it: a worker that it forks lets go (close_leases), so that nobody waits
// for the workers of a killed command.
class WriterLease {
 public:
  explicit WriterLease(base::UniqueFd lock);
  ~WriterLease();
  WriterLease(WriterLease&& other) noexcept = default;
  WriterLease& operator=(WriterLease&&) = delete;

 private:
  base::UniqueFd lock_;
};

// In a fork of a process that may hold leases.
void close_leases() noexcept;

class LayerStore {
 public:
  LayerStore(base::Database& database, base::HostPath directory);

  [[nodiscard]] WriterLease lease();
  [[nodiscard]] const PartialBlobs& partial_blobs() const noexcept { return partial_blobs_; }
  [[nodiscard]] Workspace workspace() const;

  [[nodiscard]] std::optional<Layer> find(const std::string& diff_id) const;
  [[nodiscard]] base::HostPath directory_of(const std::string& diff_id) const;
  [[nodiscard]] std::vector<base::HostPath> directories_of(
      const std::vector<std::string>& bottom_first) const;  // top first
  [[nodiscard]] base::HostPath blob_path(const std::string& digest) const;
  [[nodiscard]] base::HostPath cache_path(const std::string& id) const;  // of a cache mount

  // Takes `upper` over as the layer and writes its row; when the layer is here already, `upper` is left to
  // the workspace.
  void adopt(const base::HostPath& upper, const Layer& layer);
  // Takes a file over as the blob `digest`.
  void adopt_blob(const base::HostPath& file, const std::string& digest);

  // After the machine went down: checks those layers of the image that may not have reached the disk. One
  // that did not is unpacked again from its blob; without one it is an Error, and the layer counts as absent
  // from then on.
  void check_unsettled(const std::string& image_id);

  // The archive of the layer is gone; its directory gives the same bytes.
  void forget_blob(const std::string& diff_id);
  // From now on the layer counts as absent, until it is adopted again.
  void mark_damaged(const std::string& diff_id);

  // Removes what no image and no build result needs; returns bytes of layers removed. While somebody is
  // making a layer nothing goes (0): the next writer sweeps.
  std::uint64_t collect(std::vector<std::string>* removed_diff_ids = nullptr);

 private:
  std::uint64_t sweep(std::vector<std::string>* removed_diff_ids);
  void remove_directory_contents_unknown();
  void settle();
  void check_layer(const Layer& layer);
  void unpack_again(const Layer& layer);
  void replace(const base::HostPath& upper, const base::HostPath& target) const;
  [[nodiscard]] bool is_damaged(const std::string& diff_id) const;

  base::Database& database_;
  base::HostPath directory_;
  PartialBlobs partial_blobs_;
};

}  // namespace compose::images
