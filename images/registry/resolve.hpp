#pragma once
// From a name to what has to be downloaded: the manifest for a platform, through indexes, and the image's
// config.
#include <string>
#include <vector>

#include "images/image.hpp"
#include "images/platform.hpp"
#include "images/registry/registry.hpp"

namespace compose::images {

struct ResolvedImage {
  std::string digest;           // of what the name means: an index or a manifest
  std::string manifest_digest;  // of the manifest for the platform
  std::string manifest_type;
  std::string manifest;            // byte for byte
  std::string config;              // byte for byte
  std::vector<Descriptor> layers;  // bottom first
  std::vector<std::string> diff_ids;
  RegistrySession session;
  std::vector<std::string> warnings;  // mirrors that were asked in vain
  static constexpr auto fields() {
    return std::tuple{field("digest", &ResolvedImage::digest),
                      field("manifest_digest", &ResolvedImage::manifest_digest),
                      field("manifest_type", &ResolvedImage::manifest_type),
                      field("manifest", &ResolvedImage::manifest),
                      field("config", &ResolvedImage::config),
                      field("layers", &ResolvedImage::layers),
                      field("diff_ids", &ResolvedImage::diff_ids),
                      field("session", &ResolvedImage::session),
                      field("warnings", &ResolvedImage::warnings)};
  }
};

// `platform` "": this machine's, and an image that is for one platform only is taken as it is. Error: "there
// is no image for linux/s390x in it, only for linux/amd64, linux/arm64".
[[nodiscard]] ResolvedImage resolve_image(Registry& registry, const Reference& reference,
                                          const std::string& platform);

}  // namespace compose::images
