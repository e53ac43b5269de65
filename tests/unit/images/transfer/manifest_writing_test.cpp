#include "images/transfer/manifest_writing.hpp"

#include <doctest/doctest.h>

#include "base/file.hpp"
#include "images/transfer/manifest.hpp"

using namespace compose;
using base::Json;

TEST_SUITE("images/transfer/manifest_writing") {
  TEST_CASE("a manifest that is written is read as what it was") {
    const std::string digest = "sha256:" + std::string(64, 'a');
    const auto layer = images::descriptor_json(images::k_oci_layer_zstd, digest, 7);
    const auto text =
        images::manifest_text(images::descriptor_json(images::k_oci_config, digest, 3), Json::array({layer}));
    CHECK(text.starts_with(
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":)"));
    const auto manifest = images::parse_oci_manifest(text);
    CHECK(manifest.config.size == 3);
    REQUIRE(manifest.layers.size() == 1);
    CHECK(manifest.layers[0].media_type == "application/vnd.oci.image.layer.v1.tar+zstd");
    CHECK(manifest.layers[0].digest == digest);
  }

  TEST_CASE("how an archive is packed is in its first bytes") {
    const base::TemporaryDirectory scratch;
    const auto type_of = [&](std::string_view bytes) {
      base::write_file_atomically(scratch.path() / "archive", bytes);
      return images::layer_media_type(scratch.path() / "archive");
    };
    CHECK(type_of("\x1f\x8b\x08 and more") == "application/vnd.oci.image.layer.v1.tar+gzip");
    CHECK(type_of("\x28\xb5\x2f\xfd and more") == "application/vnd.oci.image.layer.v1.tar+zstd");
    CHECK(type_of("BZh9").empty());
    CHECK(type_of("").empty());
  }
}
