#pragma once
// The platform images are chosen for and built for: this machine's, in OCI's words.
#include <string>

namespace compose::images {

struct Platform {
  std::string os;            // "linux"
  std::string architecture;  // "amd64", "arm64"
  [[nodiscard]] std::string text() const { return os + "/" + architecture; }
};

[[nodiscard]] Platform own_platform();

}  // namespace compose::images
