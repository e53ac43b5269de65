#include "images/archive/overlay_marks.hpp"

#include "base/error.hpp"

namespace compose::images {

namespace sys = base::sys;

bool is_whiteout(const struct ::stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

bool is_opaque(int directory) {
  return sys::extended_attribute(directory, k_opaque_attribute) == "y";
}

void make_whiteout_at(int directory, const std::string& name) {
  sys::make_node_at(directory, name, S_IFCHR | 0, 0);
}

void make_opaque(int directory) {
  sys::set_extended_attribute(directory, k_opaque_attribute, "y");
}

bool is_portable_attribute(std::string_view name) {
  return name == "security.capability" || (name.starts_with("user.") && !name.starts_with("user.overlay."));
}

sys::ExtendedAttributes portable_attributes(int fd, const std::string& path) {
  auto attributes = sys::extended_attributes(fd);
  if (attributes.empty()) return attributes;
  if (attributes.contains("trusted.overlay.redirect") || attributes.contains("trusted.overlay.metacopy"))
    base::fail("'{}' refers to another layer: overlayfs must run with redirect_dir=off and metacopy=off",
               path);
  std::erase_if(attributes, [](const auto& entry) { return !is_portable_attribute(entry.first); });
  return attributes;
}

}  // namespace compose::images
