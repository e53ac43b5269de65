#pragma once
// The documents that say what an archive holds: Docker's manifest.json, and OCI index and manifest
// (image-spec image-index.md, manifest.md). Pure; total: any bytes give a value or an Error. A document that
// is two things at once is refused, so that nobody is shown one and given the other.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/record.hpp"
#include "images/platform.hpp"

namespace compose::images {

// One image of a docker-archive; names are files of the archive.
struct DockerManifest {
  std::string config;
  std::vector<std::string> tags;
  std::vector<std::string> layers;  // bottom first
};
[[nodiscard]] std::vector<DockerManifest> parse_docker_manifest(std::string_view json);

struct Descriptor {
  std::string media_type;
  std::string digest;  // checked
  std::uint64_t size = 0;
  std::string os;  // of `platform`; empty: not said
  std::string architecture;
  std::string variant;
  std::map<std::string, std::string> annotations;
  static constexpr auto fields() {
    return std::tuple{base::field("media_type", &Descriptor::media_type),
                      base::field("digest", &Descriptor::digest),
                      base::field("size", &Descriptor::size),
                      base::field("os", &Descriptor::os),
                      base::field("architecture", &Descriptor::architecture),
                      base::field("variant", &Descriptor::variant),
                      base::field("annotations", &Descriptor::annotations)};
  }
  [[nodiscard]] bool is_index() const;
  [[nodiscard]] bool is_manifest() const;
  [[nodiscard]] bool is_attestation() const;  // provenance and the like beside an image
};

// Where an OCI layout has the blob of a checked digest.
[[nodiscard]] std::string blob_name(const std::string& digest);

// An index may name indexes; more of them one below the other are refused.
inline constexpr int k_max_index_depth = 3;
struct OciIndex {
  std::vector<Descriptor> manifests;
};
// The entry that suits the platform best: the same system and architecture, the highest variant that is not
// above the wanted one. nullptr: there is none. An entry that does not say what it is for suits when nothing
// better does.
[[nodiscard]] const Descriptor* choose_platform(const OciIndex& index, const Platform& wanted);
struct OciManifest {
  Descriptor config;
  std::vector<Descriptor> layers;  // bottom first
};
[[nodiscard]] OciIndex parse_oci_index(std::string_view json);
[[nodiscard]] OciManifest parse_oci_manifest(std::string_view json);

}  // namespace compose::images
