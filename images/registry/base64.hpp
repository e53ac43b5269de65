#pragma once
// Base64 (RFC 4648, section 4), for basic authentication and Docker's config.json.
#include <optional>
#include <string>
#include <string_view>

namespace compose::images {

[[nodiscard]] std::string base64_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);  // padding may be missing

}  // namespace compose::images
