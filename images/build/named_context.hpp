#pragma once
// What a context of a build is by its spelling: `build.context` and the values of `additional_contexts`.
// Pure.
#include <cstdint>
#include <string>
#include <string_view>

namespace compose::images {

enum class ContextKind : std::uint8_t { directory, image, oci_layout, request, git, download };

struct NamedContext {
  ContextKind kind = ContextKind::directory;
  std::string place;  // without the prefix that says the kind
  bool operator==(const NamedContext&) const = default;
  // Has to be fetched before it is a directory or an image.
  [[nodiscard]] bool is_remote() const noexcept {
    return kind == ContextKind::git || kind == ContextKind::download || kind == ContextKind::oci_layout;
  }
};

[[nodiscard]] NamedContext parse_context(std::string_view text);

}  // namespace compose::images
