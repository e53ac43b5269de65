#include "images/registry/answers.hpp"

#include <doctest/doctest.h>

#include "base/error.hpp"

using namespace compose::images;
using compose::base::Error;

namespace {

HttpResponse answer(unsigned status, const char* type, std::string body) {
  return {.status = status, .headers = {{"content-type", type}}, .body = std::move(body)};
}

}  // namespace

TEST_SUITE("images/registry/answers") {
  TEST_CASE("a refusal is told in the registry's own words") {
    CHECK(describe_refusal(
              answer(404, "application/json",
                     R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})")) ==
          "status 404: manifest unknown");
    CHECK(describe_refusal(answer(401, "application/json", R"({"details":"incorrect password"})")) ==
          "status 401: incorrect password");
    CHECK(describe_refusal(answer(502, "text/html", "<html>")) == "status 502 with an HTML page");
    CHECK(describe_refusal(answer(500, "", "")) == "status 500");
    CHECK(describe_refusal(answer(500, "", "{\"errors\":[{\"message\":\"a\\u001b[31mb\"}]}")) ==
          "status 500: a [31mb");
    const Reference reference{.domain = "docker.io", .path = "library/x", .tag = "1"};
    CHECK(describe_push_refusal(reference, {"docker.io", ""}, answer(413, "", "")) ==
          "the registry docker.io refuses: status 413");
    CHECK(describe_manifest_refusal(reference, {"docker.io", ""}, answer(500, "", "")) ==
          "the registry docker.io refuses: status 500");
  }

  TEST_CASE("no credentials and refused ones are told apart") {
    const Reference reference{.domain = "docker.io", .path = "library/x", .tag = "1"};
    CHECK(describe_manifest_refusal(reference, {"docker.io", ""}, answer(401, "", "")) ==
          "pull access denied for x: it does not exist or needs credentials, and there are none for "
          "'docker.io' "
          "(status 401)");
    CHECK(describe_manifest_refusal(reference, {"docker.io", "user 'ann'"}, answer(401, "", "")) ==
          "pull access denied for x: 'docker.io' does not accept user 'ann' (status 401)");
    CHECK(describe_push_refusal(reference, {"docker.io", "the token"}, answer(403, "", "")) ==
          "push access denied for x: it does not exist, or the token is not allowed to (status 403)");
  }

  TEST_CASE("an unknown tag and an unknown repository are told apart") {
    const Reference reference{.domain = "localhost:5000", .path = "team/x", .tag = "1"};
    const auto unknown =
        answer(404, "", R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]})");
    const auto no_name = answer(404, "", R"({"errors":[{"code":"NAME_UNKNOWN","message":"no such name"}]})");
    const auto digest = "sha256:" + std::string(64, 'a');
    CHECK(describe_missing(reference, "9", unknown, answer(200, "", "{}")) ==
          "the repository 'localhost:5000/team/x' has no tag '9' (status 404: manifest unknown)");
    CHECK(describe_missing(reference, digest, unknown, answer(200, "", "{}")) ==
          "the repository 'localhost:5000/team/x' has no manifest '" + digest +
              "' (status 404: manifest unknown)");
    CHECK(describe_missing(reference, "9", unknown, no_name) ==
          "the registry localhost:5000 has no repository 'team/x' (status 404: manifest unknown)");
    CHECK(describe_missing(reference, "9", no_name, answer(404, "", "")) ==
          "the registry localhost:5000 has no repository 'team/x' (status 404: no such name)");
    CHECK(describe_missing(reference, "9", answer(404, "", ""), answer(404, "", "")) ==
          "it is not in the registry: status 404");
  }

  TEST_CASE("a manifest is known by its type or by its shape") {
    const auto oci = "application/vnd.oci.image.manifest.v1+json";
    CHECK(manifest_type(answer(200, oci, "{}")) == oci);
    CHECK(manifest_type(answer(
              200, "application/vnd.docker.distribution.manifest.list.v2+json; charset=utf-8", "{}")) ==
          "application/vnd.docker.distribution.manifest.list.v2+json");
    CHECK(manifest_type(answer(200, "application/json", R"({"layers":[],"config":{}})")) == oci);
    CHECK(manifest_type(answer(200, "", R"({"manifests":[]})")) == "application/vnd.oci.image.index.v1+json");
  }

  TEST_CASE("what is no manifest is refused") {
    const auto refused = [](const HttpResponse& response, const char* message) {
      CHECK_THROWS_WITH_AS(static_cast<void>(manifest_type(response)), message, Error);
    };
    refused(answer(200, "text/html", "<html>"),
            "the registry answered with an HTML page instead of a manifest");
    refused(answer(200, "application/json", " \n<!doctype html>"),
            "the registry answered with an HTML page instead of a manifest");
    refused(answer(200, "application/vnd.docker.distribution.manifest.v1+prettyjws", "{}"),
            "the manifest is of the old form 'application/vnd.docker.distribution.manifest.v1+prettyjws', "
            "which is not supported");
    refused(answer(200, "text/plain", "x"), "the registry answered with 'text/plain' instead of a manifest");
    refused(answer(200, "application/json", "{}"),
            "the registry answered with 'application/json' instead of a manifest");
  }

  TEST_CASE("a token stands under either of two names") {
    CHECK(read_token(R"({"token":"a"})") == "a");
    CHECK(read_token(R"({"token":"","access_token":"b"})") == "b");
    CHECK_THROWS_WITH_AS(static_cast<void>(read_token(R"({"token":1})")),
                         "the token server's answer has no token in it", Error);
  }

  TEST_CASE("the rest of a blob must be what was asked for") {
    const auto head = [](unsigned status, const char* length, const char* range) {
      return HttpResponse{.status = status,
                          .headers = {{"content-length", length}, {"content-range", range}}};
    };
    check_blob_head(head(200, "10", ""), 0, 10);
    check_blob_head(head(200, "", ""), 0, 10);
    check_blob_head(head(206, "6", "bytes 4-9/10"), 4, 10);
    CHECK_THROWS_WITH_AS(check_blob_head(head(200, "11", ""), 0, 10),
                         "the registry sends 11 bytes and the manifest says 10", Error);
    CHECK_THROWS_WITH_AS(check_blob_head(head(206, "6", "bytes 0-5/10"), 4, 10),
                         "the registry was asked for the bytes from 4 on and sends 'bytes 0-5/10'", Error);
  }
}
