#pragma once
// The platform images are chosen for and built for, in OCI's words: this machine's, or the one that
// `platform:` and --platform name.
#include <string>
#include <string_view>

namespace compose::images {

struct Platform {
  std::string os;                          // "linux"
  std::string architecture;                // "amd64", "arm64", "arm"
  std::string variant;                     // "v7", "v8"; "": the usual one
  [[nodiscard]] std::string text() const;  // "linux/arm/v7"
  bool operator==(const Platform&) const = default;
};

[[nodiscard]] Platform own_platform();

// "linux/arm64", "linux/arm/v7", "arm64"; other spellings of an architecture (x86_64, aarch64) are
// understood. Error: "invalid platform 'x/y/z/w': ...".
[[nodiscard]] Platform parse_platform(std::string_view text);

// How well an image for `offered` suits `wanted`; 0: not at all. More is better.
[[nodiscard]] int platform_rank(const Platform& offered, const Platform& wanted);

}  // namespace compose::images
