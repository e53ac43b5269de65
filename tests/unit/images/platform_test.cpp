#include "images/platform.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"
#include "images/transfer/manifest.hpp"

using namespace compose::images;

namespace {

Descriptor entry(const char* digest, const char* os, const char* architecture, const char* variant = "") {
  return {.media_type = "application/vnd.oci.image.manifest.v1+json",
          .digest = digest,
          .os = os,
          .architecture = architecture,
          .variant = variant};
}

std::string chosen(const OciIndex& index, const char* platform) {
  const auto* descriptor = choose_platform(index, parse_platform(platform));
  return descriptor == nullptr ? "none" : descriptor->digest;
}

}  // namespace

TEST_SUITE("images/platform") {
  TEST_CASE("spellings of a platform mean the same") {
    CHECK(parse_platform("linux/x86_64").text() == "linux/amd64");
    CHECK(parse_platform("linux/aarch64").text() == "linux/arm64");
    CHECK(parse_platform("linux/arm64/v8").text() == "linux/arm64");
    CHECK(parse_platform("linux/arm/7").text() == "linux/arm/v7");
    CHECK(parse_platform("armhf").text() == "linux/arm/v7");
    CHECK(parse_platform("linux") == own_platform());
    CHECK_THROWS_WITH_AS(static_cast<void>(parse_platform("linux//v7")),
                         "invalid platform 'linux//v7': must be <system>/<architecture>[/<variant>]",
                         compose::base::Error);
    CHECK_THROWS_AS(static_cast<void>(parse_platform("a/b/c/d")), compose::base::Error);
  }

  TEST_CASE("the best variant that is not above the wanted one is chosen") {
    const OciIndex index{{entry("amd64", "linux", "amd64"), entry("v6", "linux", "arm", "v6"),
                          entry("v7", "linux", "arm", "v7"), entry("arm64", "linux", "arm64", "v8"),
                          entry("windows", "windows", "amd64")}};
    CHECK(chosen(index, "linux/amd64") == "amd64");
    CHECK(chosen(index, "linux/arm/v7") == "v7");
    CHECK(chosen(index, "linux/arm/v6") == "v6");
    CHECK(chosen(index, "linux/arm/v5") == "none");
    CHECK(chosen(index, "linux/arm64") == "arm64");
    CHECK(chosen(index, "linux/s390x") == "none");
    CHECK(chosen(index, "windows/amd64") == "windows");
  }

  TEST_CASE("attestations are no images, and who says nothing is the last choice") {
    OciIndex index{{entry("silent", "", "")}};
    CHECK(chosen(index, "linux/amd64") == "silent");
    index.manifests.push_back(entry("amd64", "linux", "amd64"));
    index.manifests.push_back(entry("proof", "unknown", "unknown"));
    CHECK(chosen(index, "linux/amd64") == "amd64");
    auto proof = entry("proof", "linux", "amd64");
    proof.annotations["vnd.docker.reference.type"] = "attestation-manifest";
    CHECK(chosen({{proof}}, "linux/amd64") == "none");
  }
}
