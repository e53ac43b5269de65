#include "images/registry/resolve.hpp"

#include <set>

#include "base/error.hpp"
#include "images/transfer/manifest.hpp"

namespace compose::images {
namespace {

using base::fail;

std::string platforms_of(const OciIndex& index) {
  std::set<std::string> names;
  for (const auto& descriptor : index.manifests)
    if (!descriptor.is_attestation() && !descriptor.os.empty())
      names.insert(Platform{descriptor.os, descriptor.architecture, descriptor.variant}.text());
  if (names.empty()) return "";
  return ", only for " + base::join(std::vector<std::string>(names.begin(), names.end()), ", ");
}

bool is_index(const std::string& media_type) {
  return Descriptor{.media_type = media_type}.is_index();
}

}  // namespace

ResolvedImage resolve_image(Registry& registry, const Reference& reference, const std::string& platform) {
  const auto wanted = platform.empty() ? own_platform() : parse_platform(platform);
  auto answer = registry.manifest(reference.digest.empty() ? reference.tag : reference.digest);
  ResolvedImage image{.digest = answer.digest};
  for (int depth = 0; is_index(answer.media_type); ++depth) {
    if (depth == k_max_index_depth) fail("image indexes are nested more than {} deep", k_max_index_depth);
    const auto index = parse_oci_index(answer.document);
    const auto* chosen = choose_platform(index, wanted);
    if (chosen == nullptr) fail("there is no image for {} in it{}", wanted.text(), platforms_of(index));
    answer = registry.manifest(chosen->digest);
  }
  const auto manifest = parse_oci_manifest(answer.document);
  image.manifest_digest = answer.digest;
  image.manifest_type = answer.media_type;
  image.manifest = std::move(answer.document);
  image.layers = manifest.layers;
  image.config = base::with_context(base::text("config {}", manifest.config.digest),
                                    [&] { return registry.document(manifest.config); });
  const auto document = parse_image_document(image.config);
  if (document.diff_ids.size() != image.layers.size())
    fail("its manifest has {} layers and its config names {}", image.layers.size(), document.diff_ids.size());
  const Platform offered{document.os, document.architecture, document.variant};
  if (!platform.empty() && platform_rank(offered, wanted) == 0)
    fail("it is for {}, and {} is wanted", offered.text(), wanted.text());
  image.diff_ids = document.diff_ids;
  image.session = registry.session();
  image.warnings = registry.warnings();
  return image;
}

}  // namespace compose::images
