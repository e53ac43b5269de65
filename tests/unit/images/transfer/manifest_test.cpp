#include "images/transfer/manifest.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose;
using namespace compose::images;

namespace {

template <class F>
std::string manifest_error(F&& parse, const std::string& json) {
  try {
    (void)parse(json);
  } catch (const base::Error& e) {
    return e.what();
  }
  return "no error";
}

std::string descriptor(const std::string& digest, const std::string& size) {
  return R"({"mediaType":"m","digest":")" + digest + R"(","size":)" + size + "}";
}
const std::string k_blob_digest = "sha256:" + std::string(64, 'a');

}  // namespace

TEST_SUITE("images/transfer/manifest") {
  TEST_CASE("an index and a manifest are read with what they say about each blob") {
    const auto index = parse_oci_index(
        R"({"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
        k_blob_digest +
        R"(","size":7,"platform":{"os":"linux","architecture":"arm64"},"annotations":{"a":"b"}}]})");
    REQUIRE(index.manifests.size() == 1);
    CHECK(index.manifests[0].is_manifest());
    CHECK(index.manifests[0].size == 7);
    CHECK(index.manifests[0].architecture == "arm64");
    CHECK(index.manifests[0].annotations.at("a") == "b");
    const auto manifest =
        parse_oci_manifest(R"({"schemaVersion":2,"config":)" + descriptor(k_blob_digest, "1") +
                           R"(,"layers":[)" + descriptor(k_blob_digest, "2") + "]}");
    CHECK(manifest.config.size == 1);
    CHECK(manifest.layers.size() == 1);
  }

  TEST_CASE("digests and sizes are checked before anything uses them") {
    for (const std::string bad : {"", "sha256:../../x", "sha512:aa", "sha256:AA"})
      CHECK(manifest_error(parse_oci_manifest,
                           R"({"schemaVersion":2,"layers":[],"config":)" + descriptor(bad, "1") + "}") ==
            "image manifest: config: the digest '" + bad + "' is not sha256 and 64 hex digits");
    for (const std::string bad : {"-1", "1.5", "\"1\"", "null"})
      CHECK(manifest_error(parse_oci_manifest, R"({"schemaVersion":2,"layers":[],"config":)" +
                                                   descriptor(k_blob_digest, bad) + "}") ==
            "image manifest: config: the size must be a number and not negative");
  }

  TEST_CASE("a document that is two things at once is refused") {
    CHECK(
        manifest_error(parse_oci_manifest, R"({"schemaVersion":2,"layers":[],"config":{},"manifests":[]})") ==
        "image manifest: has both 'layers' and 'manifests': it cannot be two things at once");
    CHECK(manifest_error(parse_oci_index, R"({"schemaVersion":2,"manifests":[],"config":{}})") ==
          "image index: has both 'manifests' and 'config': it cannot be two things at once");
    CHECK(
        manifest_error(
            parse_oci_index,
            R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]})") ==
        "image index: mediaType 'application/vnd.oci.image.manifest.v1+json' is not what it is used as");
    CHECK(manifest_error(parse_oci_index, R"({"schemaVersion":1,"manifests":[]})") ==
          "image index: schemaVersion 1 is not known, only 2");
  }

  TEST_CASE("Docker's manifest.json") {
    const auto manifests =
        parse_docker_manifest(R"([{"Config":"c.json","RepoTags":["a:1"],"Layers":["l/layer.tar"]}])");
    REQUIRE(manifests.size() == 1);
    CHECK(manifests[0].tags == std::vector<std::string>{"a:1"});
    CHECK(parse_docker_manifest(R"([{"Config":"c","RepoTags":null,"Layers":null}])")[0].tags.empty());
    CHECK(manifest_error(parse_docker_manifest, "{}") == "manifest.json: must be an array");
    CHECK(manifest_error(parse_docker_manifest, "[{}]") == "manifest.json: an image has no Config");
  }
}
