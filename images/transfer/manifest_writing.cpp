#include "images/transfer/manifest_writing.hpp"

#include <array>
#include <fcntl.h>

#include "base/sys.hpp"

namespace compose::images {

base::Json descriptor_json(const std::string& type, const std::string& digest, std::uint64_t size) {
  return base::Json{{"mediaType", type}, {"digest", digest}, {"size", size}};
}

std::string manifest_text(const base::Json& config, const base::Json& layers) {
  base::Json manifest = base::Json::object();
  manifest["schemaVersion"] = 2;
  manifest["mediaType"] = k_oci_manifest;
  manifest["config"] = config;
  manifest["layers"] = layers;
  return manifest.dump();
}

std::string layer_media_type(const base::HostPath& archive) {
  std::array<char, 4> magic{};
  const auto fd = base::sys::open(archive, O_RDONLY);
  (void)base::sys::read_some(fd.get(), magic);
  const std::string_view bytes{magic.data(), magic.size()};
  if (bytes.starts_with("\x1f\x8b")) return k_oci_layer_gzip;
  if (bytes == std::string_view{"\x28\xb5\x2f\xfd", 4}) return k_oci_layer_zstd;
  return "";
}

}  // namespace compose::images
