#pragma once
// The documents that say what an archive holds: Docker's manifest.json, and OCI index and manifest
// (image-spec image-index.md, manifest.md). Pure; total: any bytes give a value or an Error. A document that
// is two things at once is refused, so that nobody is shown one and given the other.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

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
  std::map<std::string, std::string> annotations;
  [[nodiscard]] bool is_index() const;
  [[nodiscard]] bool is_manifest() const;
};

struct OciIndex {
  std::vector<Descriptor> manifests;
};
struct OciManifest {
  Descriptor config;
  std::vector<Descriptor> layers;  // bottom first
};
[[nodiscard]] OciIndex parse_oci_index(std::string_view json);
[[nodiscard]] OciManifest parse_oci_manifest(std::string_view json);

}  // namespace compose::images
