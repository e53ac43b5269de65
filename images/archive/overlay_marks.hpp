#pragma once
// How overlayfs and the OCI layer format each say "this name is gone" and "this directory replaces the one
// below" (Documentation/filesystems/overlayfs.rst; image-spec layer.md), and which extended attributes belong
// to a file rather than to the file system it happens to lie on.
#include <string>
#include <string_view>
#include <sys/stat.h>

#include "base/sys_at.hpp"

namespace compose::images {

inline constexpr std::string_view k_whiteout_prefix = ".wh.";
inline constexpr std::string_view k_opaque_name = ".wh..wh..opq";
inline constexpr const char* k_opaque_attribute = "trusted.overlay.opaque";

[[nodiscard]] bool is_whiteout(const struct ::stat& status);
[[nodiscard]] bool is_opaque(int directory);
void make_whiteout_at(int directory, const std::string& name);
void make_opaque(int directory);

// May the attribute travel in an archive? Only security.capability and user.*, and not overlayfs' own.
[[nodiscard]] bool is_portable_attribute(std::string_view name);
// Those of an open file. Error: the directory was made with overlayfs redirects, so it is not a layer by
// itself.
[[nodiscard]] base::sys::ExtendedAttributes portable_attributes(int fd, const std::string& path);

}  // namespace compose::images
