#pragma once
// The local image store: images, references and layers below `<data root>/images`, rows in the state
// database.
//
// clang-format off
//   layers/<32 hex of the diff id>/   one layer, unpacked, with overlay whiteouts; immutable once it has its name
//   blobs/sha256/<64 hex>             layer archives as they were loaded, so that `save` gives back the same bytes
//   cache/<sha256 of id>/             RUN --mount=type=cache directories
//   tmp/<random>/                     things being made; swept when nobody makes anything
//   partial/<64 hex>                  layer archives that have not arrived completely (partial_blobs.hpp)
// clang-format on
//
// Everything is written aside and renamed before a row names it, so that the store is usable after a crash at
// any instant: a directory without a row is rubbish that the next writer sweeps. Runs in the CLI's process as
// root. Writers (build, load, import) hold `images/lock` shared; layers are removed under the exclusive lock.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/database.hpp"
#include "base/path.hpp"
#include "images/image.hpp"
#include "images/reference.hpp"

namespace compose::images {

// One line of `images`: an image under one of its names.
struct ImageSummary {
  std::string id;
  std::string repository;  // "<none>" for a dangling image
  std::string tag;         // "<none>" likewise
  std::string created;     // RFC 3339
  std::uint64_t size = 0;
};

struct RemovedImage {
  std::vector<std::string> untagged;  // "shop-web:latest"
  std::vector<std::string> deleted;   // "sha256:..." of images and layers
  std::uint64_t reclaimed = 0;        // bytes
};

struct DiskUsage {
  std::uint64_t images = 0;             // how many
  std::uint64_t images_in_use = 0;      // of them
  std::uint64_t image_bytes = 0;        // layers of images and their archives, each once
  std::uint64_t reclaimable_bytes = 0;  // of that, what no image in use needs
  std::uint64_t cache_entries = 0;
  std::uint64_t cache_bytes = 0;  // layers that only the build cache holds
  std::uint64_t cache_mounts = 0;
  std::uint64_t cache_mount_bytes = 0;  // RUN --mount=type=cache
  std::uint64_t partial_blobs = 0;
  std::uint64_t partial_bytes = 0;  // downloads that were broken off
};

enum class PruneScope : std::uint8_t { dangling, unused };

class LayerStore;

class Store {
 public:
  // `directory` is made when missing. The database outlives the store.
  Store(base::Database& database, HostPath directory);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // By reference ("nginx"), id ("sha256:..."), or unique id prefix of at least 4 digits. nullopt: not here.
  [[nodiscard]] std::optional<Image> resolve(std::string_view reference) const;
  [[nodiscard]] bool has(std::string_view reference) const;
  // As resolve, but absence is an Error: "image 'nginx' is not present locally: pull, build or load it".
  [[nodiscard]] Image require(std::string_view reference) const;

  [[nodiscard]] std::vector<ImageSummary> list(bool dangling = true) const;  // newest first
  [[nodiscard]] std::string config_json(
      std::string_view reference) const;  // the config document, byte for byte
  [[nodiscard]] std::string inspect_json(
      std::string_view reference) const;  // as `docker image inspect` prints one image
  [[nodiscard]] std::vector<HistoryEntry> history(std::string_view reference) const;  // newest first

  void tag(std::string_view reference, std::string_view new_reference);
  // Takes the name away; the image goes with its last name. `in_use`: ids of images that containers are made
  // from; such an image is an Error without `force`, and with it loses its name but keeps its data.
  RemovedImage remove(std::string_view reference, const std::set<std::string>& in_use, bool force = false);
  RemovedImage prune(PruneScope scope, const std::set<std::string>& in_use);
  // Forgets build results that no image needs; returns bytes reclaimed.
  std::uint64_t prune_build_cache();
  [[nodiscard]] DiskUsage disk_usage(const std::set<std::string>& in_use) const;

  // ---- for load, import and build ----

  // Makes the image known under its id and `references` (full forms, may be none) in one transaction. Every
  // diff id must be a layer of this store. Returns the id.
  std::string commit(const std::string& config_json, const std::vector<Reference>& references);

  [[nodiscard]] LayerStore& layers() noexcept { return *layers_; }
  [[nodiscard]] base::Database& database() noexcept { return database_; }
  [[nodiscard]] const HostPath& directory() const noexcept { return directory_; }

 private:
  struct Row;
  [[nodiscard]] std::optional<Row> find(std::string_view reference) const;
  [[nodiscard]] Row find_or_fail(std::string_view reference) const;
  [[nodiscard]] Image image_from(const Row& row) const;
  void forget_image(const std::string& id, RemovedImage& removed);
  void set_reference(const Reference& reference, const std::string& id);

  base::Database& database_;
  HostPath directory_;
  std::unique_ptr<LayerStore> layers_;
};

}  // namespace compose::images
