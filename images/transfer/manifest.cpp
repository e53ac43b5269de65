#include "images/transfer/manifest.hpp"

#include "base/error.hpp"
#include "base/json.hpp"
#include "images/image.hpp"
#include "images/reference.hpp"
#include "images/transfer/manifest_writing.hpp"

namespace compose::images {
namespace {

using base::fail;
using base::Json;

constexpr std::size_t k_max_list = 1000;
constexpr std::string_view k_docker_index = "application/vnd.docker.distribution.manifest.list.v2+json";
constexpr std::string_view k_docker_manifest = "application/vnd.docker.distribution.manifest.v2+json";

Json parse(std::string_view json, const char* what) {
  if (json.size() > k_max_document) fail("read {}: larger than {} bytes", what, k_max_document);
  return base::parse_json(json, what);
}

template <class T>
void read_present(const Json& object, const char* name, T& into) {
  const auto found = object.find(name);
  if (found != object.end() && !found->is_null()) base::from_json(*found, into, name);
}

const Json& list(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) fail("{}: must be an array", name);
  if (found->size() > k_max_list) fail("{}: more than {} entries", name, k_max_list);
  return *found;
}

Descriptor read_descriptor(const Json& json, const char* name) {
  if (!json.is_object()) fail("{}: must be an object", name);
  Descriptor descriptor;
  read_present(json, "mediaType", descriptor.media_type);
  read_present(json, "digest", descriptor.digest);
  if (!is_digest(descriptor.digest))
    fail("{}: the digest '{}' is not sha256 and 64 hex digits", name, descriptor.digest);
  const auto size = json.find("size");
  if (size == json.end() || !size->is_number_integer() || size->get<std::int64_t>() < 0)
    fail("{}: the size must be a number and not negative", name);
  descriptor.size = size->get<std::uint64_t>();
  if (const auto platform = json.find("platform"); platform != json.end() && platform->is_object()) {
    read_present(*platform, "os", descriptor.os);
    read_present(*platform, "architecture", descriptor.architecture);
    read_present(*platform, "variant", descriptor.variant);
  }
  read_present(json, "annotations", descriptor.annotations);
  return descriptor;
}

void check_shape(const Json& json, const char* must, std::initializer_list<const char*> must_not) {
  if (!json.is_object()) fail("must be an object");
  std::int64_t version = 0;
  read_present(json, "schemaVersion", version);
  if (version != 2) fail("schemaVersion {} is not known, only 2", version);
  if (!json.contains(must)) fail("'{}' is missing", must);
  for (const char* name : must_not)
    if (json.contains(name)) fail("has both '{}' and '{}': it cannot be two things at once", must, name);
}

void check_media_type(const Json& json, std::string_view oci, std::string_view docker) {
  std::string type;
  read_present(json, "mediaType", type);
  if (!type.empty() && type != oci && type != docker) fail("mediaType '{}' is not what it is used as", type);
}

}  // namespace

std::string blob_name(const std::string& digest) {
  return "blobs/sha256/" + digest.substr(7);
}

bool Descriptor::is_index() const {
  return media_type == k_oci_index || media_type == k_docker_index;
}
bool Descriptor::is_manifest() const {
  return media_type == k_oci_manifest || media_type == k_docker_manifest;
}

bool Descriptor::is_attestation() const {
  return os == "unknown" || annotations.contains("vnd.docker.reference.type");
}

const Descriptor* choose_platform(const OciIndex& index, const Platform& wanted) {
  const Descriptor* best = nullptr;
  int best_rank = 0;
  for (const auto& descriptor : index.manifests) {
    if (descriptor.is_attestation() || (!descriptor.is_index() && !descriptor.is_manifest())) continue;
    const bool says_nothing = descriptor.os.empty() && descriptor.architecture.empty();
    const int rank =
        says_nothing ? 1
                     : platform_rank({descriptor.os, descriptor.architecture, descriptor.variant}, wanted);
    if (rank > best_rank) {
      best = &descriptor;
      best_rank = rank;
    }
  }
  return best;
}

std::vector<DockerManifest> parse_docker_manifest(std::string_view json) {
  const auto document = parse(json, "manifest.json");
  return base::with_context("manifest.json", [&] {
    if (!document.is_array()) fail("must be an array");
    if (document.size() > k_max_list) fail("more than {} images", k_max_list);
    std::vector<DockerManifest> manifests;
    for (const auto& entry : document) {
      if (!entry.is_object()) fail("must be an array of objects");
      auto& manifest = manifests.emplace_back();
      read_present(entry, "Config", manifest.config);
      read_present(entry, "RepoTags", manifest.tags);
      read_present(entry, "Layers", manifest.layers);
      if (manifest.config.empty()) fail("an image has no Config");
    }
    return manifests;
  });
}

OciIndex parse_oci_index(std::string_view json) {
  const auto document = parse(json, "image index");
  return base::with_context("image index", [&] {
    check_shape(document, "manifests", {"layers", "config"});
    check_media_type(document, k_oci_index, k_docker_index);
    OciIndex index;
    for (const auto& entry : list(document, "manifests"))
      index.manifests.push_back(read_descriptor(entry, "manifests"));
    return index;
  });
}

OciManifest parse_oci_manifest(std::string_view json) {
  const auto document = parse(json, "image manifest");
  return base::with_context("image manifest", [&] {
    check_shape(document, "layers", {"manifests", "fsLayers"});
    check_media_type(document, k_oci_manifest, k_docker_manifest);
    OciManifest manifest;
    if (!document.contains("config")) fail("'config' is missing");
    manifest.config = read_descriptor(document["config"], "config");
    for (const auto& entry : list(document, "layers"))
      manifest.layers.push_back(read_descriptor(entry, "layers"));
    return manifest;
  });
}

}  // namespace compose::images
