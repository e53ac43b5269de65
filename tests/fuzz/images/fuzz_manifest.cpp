// The JSON documents of images from elsewhere: any bytes give a value or an Error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "images/image.hpp"
#include "images/transfer/manifest.hpp"
#include "tests/fuzz/attempt.hpp"

namespace images = compose::images;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  attempt([&] { (void)images::parse_docker_manifest(text); });
  attempt([&] { (void)images::parse_oci_index(text); });
  attempt([&] { (void)images::parse_oci_manifest(text); });
  attempt([&] {
    const auto document = images::parse_image_document(text);
    if (images::parse_image_document(images::format_image_document(document)) != document) std::abort();
  });
  return 0;
}
