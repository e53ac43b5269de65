#include <doctest/doctest.h>

#include "base/error.hpp"
#include "images/image.hpp"

using namespace compose;
using namespace compose::images;

namespace {
std::string document_error(const std::string& json) {
  try {
    (void)parse_image_document(json);
  } catch (const base::Error& e) {
    return e.what();
  }
  return "no error";
}
const std::string k_diff_id = "sha256:" + std::string(64, '0');
}  // namespace

TEST_SUITE("images/image_document") {
  TEST_CASE("a document that is written is read back equal, and written the same") {
    ImageDocument document{.created = "2026-01-02T03:04:05Z", .author = "me", .diff_ids = {k_diff_id}};
    document.config = {.environment = {"A=1"},
                       .entrypoint = {"/e"},
                       .command = {"c"},
                       .user = "u",
                       .directory = "/d",
                       .labels = {{"k", "v"}},
                       .volumes = {"/v"},
                       .exposed_ports = {"80/tcp"},
                       .stop_signal = "SIGINT",
                       .health = HealthConfig{.test = {"CMD", "x"}, .interval = 5, .retries = 2},
                       .shell = {"/bin/bash"},
                       .on_build = {"RUN x"}};
    document.history = {{.created = "2026-01-02T03:04:05Z", .created_by = "COPY", .empty_layer = true}};
    const auto json = format_image_document(document);
    CHECK(parse_image_document(json) == document);
    CHECK(format_image_document(parse_image_document(json)) == json);
  }

  TEST_CASE("null members and shell strings of old builders are accepted") {
    const auto document = parse_image_document(
        R"({"config":{"Env":null,"Cmd":"echo x","Labels":null,"Volumes":{"/a":{}}},"rootfs":{"diff_ids":null}})");
    CHECK(document.config.command == std::vector<std::string>{"/bin/sh", "-c", "echo x"});
    CHECK(document.config.volumes == std::vector<std::string>{"/a"});
    CHECK(document.diff_ids.empty());
  }

  TEST_CASE("damage is an error that names the member") {
    CHECK(document_error("[") == "read image config: damaged JSON at byte 2");
    CHECK(document_error("[]") == "read image config: document: must be an object");
    CHECK(document_error("{}") == "read image config: rootfs: must be an object");
    CHECK(document_error(R"({"config":{"Env":"x"},"rootfs":{}})") ==
          "read image config: Env: must be an array");
    CHECK(document_error(R"({"config":{"Env":[1]},"rootfs":{}})") ==
          "read image config: Env[0]: must be a string");
    CHECK(document_error(R"({"rootfs":{"diff_ids":["sha256:../x"]}})") ==
          "read image config: rootfs.diff_ids: 'sha256:../x' is not sha256 and 64 hex digits");
    CHECK(document_error(R"({"rootfs":{},"layers":[]})") ==
          "read image config: it is a manifest, not an image config");
    CHECK(document_error(std::string((4U << 20U) + 1, ' ')) ==
          "read image config: it is larger than 4194304 bytes");
  }
}
