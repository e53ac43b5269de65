#pragma once
// The documents of OCI that we write ourselves (image-spec manifest.md, descriptor.md). Pure but for
// layer_media_type().
#include <cstdint>
#include <string>

#include "base/json.hpp"
#include "base/path.hpp"

namespace compose::images {

inline constexpr const char* k_oci_index = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* k_oci_manifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* k_oci_config = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* k_oci_layer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr const char* k_oci_layer_gzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr const char* k_oci_layer_zstd = "application/vnd.oci.image.layer.v1.tar+zstd";

[[nodiscard]] base::Json descriptor_json(const std::string& type, const std::string& digest,
                                         std::uint64_t size);
// `config` and `layers`: descriptors.
[[nodiscard]] std::string manifest_text(const base::Json& config, const base::Json& layers);

// Of a compressed archive of a layer, by its first bytes. "": OCI has no word for how it is compressed, or it
// is not compressed.
[[nodiscard]] std::string layer_media_type(const base::HostPath& archive);

}  // namespace compose::images
