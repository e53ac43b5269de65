#pragma once
// What the store remembers about where images came from: the manifests byte for byte, so that a push gives
// back the same digest; the digests by which a repository knows an image; when a name was last pulled.
// Besides, how a layer that was made here is packed, so that it is packed once only.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/database.hpp"
#include "images/reference.hpp"

namespace compose::images {

struct StoredManifest {
  std::string digest;
  std::string media_type;
  std::string document;
};

struct PackedLayer {
  std::string digest;
  std::uint64_t size = 0;
};

class PullRecords {
 public:
  explicit PullRecords(base::Database& database) noexcept : database_(database) {}

  void put_manifest(const std::string& image, const StoredManifest& manifest);
  [[nodiscard]] std::vector<StoredManifest> manifests_of(const std::string& image) const;

  // `repository`: "docker.io/library/nginx".
  void put_digest(const std::string& repository, const std::string& digest, const std::string& image);
  [[nodiscard]] std::vector<std::string> digests_of(const std::string& image) const;  // "nginx@sha256:..."
  [[nodiscard]] std::optional<std::string> image_of(const std::string& repository,
                                                    const std::string& digest) const;
  // Repositories of this registry that an image with this layer came from or went to.
  [[nodiscard]] std::vector<std::string> repositories_with(const std::string& diff_id) const;

  void put_pulled_at(const Reference& reference, const std::string& time);
  [[nodiscard]] std::string pulled_at(const Reference& reference) const;  // "" never

  void put_packed(const std::string& diff_id, const PackedLayer& packed);
  [[nodiscard]] std::optional<PackedLayer> packed(const std::string& diff_id) const;

 private:
  base::Database& database_;
};

}  // namespace compose::images
